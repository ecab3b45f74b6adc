"""``overbank doctor``: a cluster beside what its Cluster document claims. It only reads."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.cli.arguments.observing import add_source, observed
from compiler.cli.arguments.repository import add_repository, cluster_named, compiled, open_tree
from compiler.cli.results.progress import add_progress
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.doctor import examine
from compiler.doctor.asking import parts, requests, volumes
from compiler.doctor.check import Patient, State
from compiler.doctor.kinds import api_version
from compiler.doctor.report import render, render_json
from compiler.observed.objects import Objects
from compiler.pipeline import Result

if TYPE_CHECKING:
    from compiler.live.session import Session

_KINDS = (
    "nodes,namespaces,deployments,daemonsets,crds,mutatingwebhookconfigurations,services,endpointslices,configmaps,priorityclasses,"
    "persistentvolumeclaims,persistentvolumes,storageclasses,csidrivers"
)
_FLAGS = ("--dump",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = "The exit code is 1 if something is wrong; what is unknown is no finding. Only get and list are used."
    add_repository(parser)
    parser.add_argument("--cluster", metavar="NAME", help="cluster to look at (default: the only one)")
    add_source(parser, _FLAGS, f"kubectl get {_KINDS} -A -o json")
    parser.add_argument("--format", choices=("text", "json-v1"), default="text", help="shape of the report (default: text)")
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Examine a cluster."""
    result = compiled(open_tree(options.repository), options)
    patient = _patient(result, options.cluster)

    def ask(session: "Session", into: Objects) -> None:
        _ask(session, Patient(cluster=patient.cluster, ir=patient.ir, objects=into, now=patient.now))

    objects = observed(options, _FLAGS[0], ask)
    checks = examine(Patient(cluster=patient.cluster, ir=patient.ir, objects=objects, now=patient.now))
    if options.format == "json-v1":
        sys.stdout.write(render_json(patient.cluster.name, checks))
    else:
        sys.stdout.write(render(patient.cluster.name, checks, paint_for(sys.stdout, options.color), options.repository))
    return FINDINGS if any(each.state is State.WRONG for each in checks) else CLEAN


def _patient(result: Result, name: str | None) -> Patient:
    """Return the cluster that is meant, of which nothing was read yet.

    Raises:
        CommandError: there are several and none is named, or there is none of this name.
    """
    clusters = result.model.clusters if result.model is not None else ()
    if name is None:
        if len(clusters) != 1:
            names = ", ".join(each.name for each in clusters) or "none"
            raise CommandError("it is not said which cluster is meant", help=f"pass --cluster NAME; clusters: {names}")
        name = clusters[0].name
    ir = cluster_named(result, name)
    return Patient(cluster=next(each for each in clusters if each.name == name), ir=ir, objects=Objects(), now=time.time())


def _ask(session: "Session", patient: Patient) -> None:
    """Ask a live cluster."""
    from compiler.live.observing import discover, read, version  # noqa: PLC0415 - an extra

    version(session, patient.objects)
    read(session, requests(patient), patient.objects)
    read(session, volumes(patient), patient.objects)
    read(session, parts(patient), patient.objects)
    written = api_version(patient.cluster.platform)
    if written is not None and patient.ir.resource_policies:
        discover(session, written, patient.objects)

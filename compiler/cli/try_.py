"""``overbank try``: one pod against one cluster's policies, offline. It shows what happens, whatever that is."""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

import msgspec

from compiler.cli import CLEAN, NOTHING, CommandError
from compiler.cli.arguments.given import read
from compiler.cli.arguments.repository import cluster_named, compiled, namespace, open_tree
from compiler.cli.results.progress import add_progress
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.emit.manifest import render as render_manifest
from compiler.ir import ClusterIR
from compiler.load import MAX_BYTES
from compiler.origins import place_of
from compiler.report import decision as decision_report
from compiler.trial import Bench, NotAPodError, Trial
from compiler.workloads import NotAWorkloadError, pods_in
from webhook.engine import patch
from webhook.engine.decision import Decision


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("pod", metavar="POD.yaml", help="a Pod or a workload with a pod template; - reads stdin")
    parser.add_argument("--cluster", required=True, help="cluster in which the pod is created")
    parser.add_argument("--namespace", metavar="NS", type=namespace, help="namespace (default: the manifest's, else `default`)")
    parser.add_argument(
        "--repo", dest="repository", default=".", metavar="REPO", help="policy repository (default: the current folder)"
    )
    parser.add_argument(
        "--format",
        choices=("pod", "patch", "explain", "json"),
        default="explain",
        help="the pod as it is stored, the JSON Patch, the decision for people (default), or everything as JSON; "
        "patch and json give a list where the manifest has several pods",
    )
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Try a pod."""
    try:
        templates = pods_in(options.pod, read(options.pod, MAX_BYTES))
    except NotAWorkloadError as error:
        raise CommandError(str(error), code=NOTHING) from error
    result = compiled(open_tree(options.repository), options)
    cluster = cluster_named(result, options.cluster)
    bench = Bench(cluster)
    tried = []
    for template in templates:
        inside = options.namespace or template.namespace or "default"
        try:
            tried.append(_Tried(template.role, inside, bench.admit(template.pod, inside)))
        except NotAPodError as error:
            raise CommandError(f"{options.pod}: {error}") from error
    if options.format in ("json", "patch"):
        answer = [_json(each, cluster) if options.format == "json" else each.trial.operations for each in tried]
        sys.stdout.write(json.dumps(answer if len(answer) > 1 else answer[0], indent=2, ensure_ascii=False) + "\n")
        return CLEAN
    paint = paint_for(sys.stdout, options.color)
    for index, each in enumerate(tried):
        if index:
            sys.stdout.write("\n" if options.format == "explain" else "---\n")
        if options.format == "pod":
            sys.stdout.write(render_manifest(each.trial.after).decode())
        else:
            sys.stdout.write(f"{paint(_heading(each, cluster), 'bold')}\n")
            sys.stdout.write(decision_report.render(each.trial.decision, cluster.origins, paint, options.repository))
    return CLEAN


@dataclass(frozen=True, slots=True)
class _Tried:
    role: str
    namespace: str
    trial: Trial


def _heading(tried: _Tried, cluster: ClusterIR) -> str:
    metadata = tried.trial.sent["metadata"]
    name = metadata.get("name") or f"{metadata.get('generateName', '')}…"
    role = f" ({tried.role})" if tried.role else ""
    return f"pod {name} in namespace {tried.namespace} on cluster {cluster.name}{role}"


def _json(tried: _Tried, cluster: ClusterIR) -> dict[str, Any]:
    trial = tried.trial
    decision = trial.decision
    return {
        "cluster": cluster.name,
        "namespace": tried.namespace,
        "role": tried.role,
        "exemption": decision.exemption,
        "policies": decision.policies,
        "owner": decision.owner,
        "applied": decision.applied,
        "effects": _effects(decision, cluster),
        "warnings": decision.warnings,
        "denied": decision.denied,
        "audit": _audit(decision.audit, cluster) if decision.audit else None,
        "patch": trial.operations,
        "pod": trial.after,
    }


def _audit(decision: Decision, cluster: ClusterIR) -> dict[str, Any]:
    """Return what would be if policies in audit mode were in force."""
    return {
        "policies": decision.policies,
        "owner": decision.owner,
        "effects": _effects(decision, cluster),
        "warnings": decision.warnings,
        "denied": decision.denied,
        "patch": msgspec.json.decode(patch.encode(decision.operations)),
    }


def _effects(decision: Decision, cluster: ClusterIR) -> list[dict[str, Any]]:
    effects = []
    for effect in decision.effects:
        where = place_of(cluster.origins, effect)
        effects.append({**msgspec.to_builtins(effect), "source": str(where.locate()) if where else None})
    return effects

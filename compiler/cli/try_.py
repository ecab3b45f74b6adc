"""``overbank try``: one pod against one cluster's policies, offline. It shows what happens, whatever that is."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from compiler.cli import CLEAN, NOTHING, CommandError
from compiler.cli.repository import cluster_named, compiled, open_tree
from compiler.cli.terminal import add_colour, paint_for
from compiler.emit.manifest import render as render_manifest
from compiler.ir import ClusterIR
from compiler.load import MAX_BYTES
from compiler.report import decision as decision_report
from compiler.report.style import Paint
from compiler.trial import Bench, NotAPodError, Trial
from compiler.workloads import NotAWorkloadError, TemplatePod, pods_in


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("pod", metavar="POD.yaml", help="a Pod or a workload with a pod template; - reads stdin")
    parser.add_argument("--cluster", required=True, help="cluster in which the pod is created")
    parser.add_argument("--namespace", metavar="NS", help="namespace (default: the manifest's, else `default`)")
    parser.add_argument("--repo", default=".", metavar="REPO", help="policy repository (default: the current folder)")
    parser.add_argument(
        "--format",
        choices=("pod", "patch", "explain", "json"),
        default="explain",
        help="the pod as it is stored, the JSON Patch, the decision for people (default), or everything as JSON",
    )
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Try a pod."""
    try:
        templates = pods_in(options.pod, _read(options.pod))
    except NotAWorkloadError as error:
        raise CommandError(str(error), code=NOTHING) from error
    result = compiled(open_tree(options.repo), options)
    cluster = cluster_named(result, options.cluster)
    bench = Bench(cluster)
    trials = []
    for template in templates:
        namespace = options.namespace or template.pod.get("metadata", {}).get("namespace") or "default"
        try:
            trials.append((template, namespace, bench.admit(template.pod, namespace)))
        except NotAPodError as error:
            raise CommandError(f"{options.pod}: {error}") from error
    if options.format == "json":
        answer = [_json(template, namespace, trial, cluster) for template, namespace, trial in trials]
        sys.stdout.write(json.dumps(answer if len(answer) > 1 else answer[0], indent=2, ensure_ascii=False) + "\n")
        return CLEAN
    paint = paint_for(sys.stdout, options.color)
    for index, (template, namespace, trial) in enumerate(trials):
        if index:
            sys.stdout.write("\n" if options.format == "explain" else "---\n")
        sys.stdout.write(_shown(options.format, template, namespace, trial, cluster, paint))
    return CLEAN


def _read(path: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error


def _shown(shape: str, template: TemplatePod, namespace: str, trial: Trial, cluster: ClusterIR, paint: Paint) -> str:  # noqa: PLR0917
    if shape == "pod":
        return render_manifest(trial.after).decode()
    if shape == "patch":
        return json.dumps(trial.operations, indent=2, ensure_ascii=False) + "\n"
    metadata = trial.sent["metadata"]
    name = metadata.get("name") or f"{metadata.get('generateName', '')}…"
    heading = f"pod {name} in namespace {namespace} on cluster {cluster.name}"
    heading += f" ({template.role})" if template.role else ""
    return f"{paint(heading, 'bold')}\n{decision_report.render(trial.decision, cluster.origins, paint)}"


def _json(template: TemplatePod, namespace: str, trial: Trial, cluster: ClusterIR) -> dict[str, Any]:
    decision = trial.decision
    effects = []
    for effect in decision.effects:
        where = cluster.origins.get((effect.policy, effect.field)) or cluster.origins.get((effect.policy, ""))
        effects.append({**msgspec.to_builtins(effect), "source": str(where.locate()) if where else None})
    return {
        "cluster": cluster.name,
        "namespace": namespace,
        "role": template.role,
        "exemption": decision.exemption,
        "policies": decision.policies,
        "owner": decision.owner,
        "applied": decision.applied,
        "effects": effects,
        "warnings": decision.warnings,
        "patch": trial.operations,
        "pod": trial.after,
    }

"""The demonstration behind ``make demo``.

Checks, tests and builds this repository, serves every cluster's bundle over TLS, and admits the guides' pods as an API server would.
Everything shown is real: the command line, the rendered tree, the webhooks' processes and their answers. No cluster is needed,
nothing is written into the checkout. Exit code 0 if every answer that came over TLS equals the offline one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

import jsonpatch
from drawing import difference, tree
from servers import ServerError, Webhook, serving

from compiler import policytest
from compiler.cli.results.terminal import paint_for
from compiler.ir import ClusterIR
from compiler.pipeline import compile_repository
from compiler.report.decision import effects
from compiler.report.style import Paint
from compiler.sources.tree import Tree
from compiler.trial import Trial

REPOSITORY = Path(__file__).resolve().parent.parent
OVERBANK = Path(sys.executable).parent / "overbank"
SHOWN = {
    "S0b": "clusters/idc-zhangjiakou/_cluster/namespace-ci.yaml",
    "S0c": "clusters/idc-zhangjiakou/web/resourcepolicy.scheduling.alibabacloud.com-cost-balance-serverless.yaml",
    "S1a": "clusters/idc-zhangjiakou/shop/resourcepolicy.scheduling.alibabacloud.com-cost-balance-nodes.yaml",
    "S1b": "clusters/idc-zhangjiakou/portal/resourcepolicy.scheduling.alibabacloud.com-load-balance.yaml",
    "S3a": "clusters/vke-poc1/default/resourcepolicy.scheduling.vke.volcengine.com-gpu-demo.yaml",
    "S3b": "clusters/ack-poc/default/resourcepolicy.scheduling.alibabacloud.com-gpu-demo.yaml",
    "S3c": "federation/fed-poc/default/propagationpolicy.core.kubeadmiral.io-fed-pp-weight.yaml",
    "S3c, its overrides": "federation/fed-poc/default/overridepolicy.core.kubeadmiral.io-fed-pp-weight.yaml",
    "S3d": "federation/fed-poc/default/propagationpolicy.core.kubeadmiral.io-fed-pp-priority.yaml",
    "S3e": "federation/fed-poc/default/horizontalpodautoscaler.autoscaling-fed-pp-weight.yaml",
}
"""Rows of the sample's README that are objects; the others are pods, which are admitted below."""

LARGER = ("web-application", "gpu-inference", "training")
DRAWN = "gpu-demo"
"""The policy that is drawn with its clusters."""
REASONED = "gpu-without-stock"
"""The scenario that is shown with all its reasons."""

MISTAKEN, MISTAKE = "burst/gpu-demo.yaml", ("{name: postpayed}", "{name: postpaid}")
"""The file in which a name is misspelt, with what is written and what is meant."""

PATCH = "clusters/idc-hangzhou/components/workloads"
"""The exact patches for the manifests of the first of them."""


SWEPT = "idc-zhangjiakou"
"""The cluster that ``live.json`` is a dump of: the webhook was away when two of its pods were made."""


BY_HAND = """\
apiVersion: scheduling.alibabacloud.com/v1alpha1
kind: ResourcePolicy
metadata:
  name: load-balance-policy
spec:
  selector:
    app: nginx
  strategy: prefer
  units:
  - resource: idc
    max: 2
  - resource: ecs
    nodeSelector:
      alibabacloud.com/nodepool-id: np7b30xxx
    max: 4
"""
"""The guide's own object of S1b."""


def main() -> int:
    """Run the demonstration."""
    paint = paint_for(sys.stdout, "auto")
    name = os.path.relpath(REPOSITORY)
    with tempfile.TemporaryDirectory(prefix="overbank-demo-") as temporary:
        folder = Path(temporary)
        rendered = folder / "rendered"
        overbank(paint, "check", name)
        mistaken(paint, folder / "mistaken")
        overbank(paint, "test", name)
        overbank(paint, "coverage", name)
        overbank(paint, "graph", name, "--policy", DRAWN, "--format", "mermaid")
        overbank(paint, "build", name, "--output", str(rendered), listing=False)
        print("\n".join(tree(rendered)))
        for row, path in SHOWN.items():
            heading(f"{row}: {path}", paint)
            print((rendered / path).read_text(), end="")
        overbank(paint, "plan", name)
        overbank(paint, "plan", name, "--scenario", REASONED, "--reasons")
        overbank(paint, "plan", name, "--format", "html", "--output", str(folder / "plan.html"))
        print(
            f"one page of {(folder / 'plan.html').stat().st_size:,} bytes; keep one with `overbank plan {name} --format html -o plan.html`"
        )
        for example in LARGER:
            overbank(paint, "test", f"{name}/examples/{example}")
        overbank(paint, "build", f"{name}/examples/{LARGER[0]}", "--output", str(folder / LARGER[0]), listing=False)
        for patch in sorted((folder / LARGER[0] / PATCH).rglob("*.yaml")):
            heading(f"{LARGER[0]}: {patch.relative_to(folder / LARGER[0])}", paint)
            print(patch.read_text(), end="")
        overbank(paint, "diff", name, widened(folder), expects=1)
        overbank(paint, "sweep", name, "--cluster", SWEPT, "--pods", f"{name}/demo/live.json", "--restart-plan", expects=1)
        built_back(folder, paint)
        admitted, surprises = admissions(rendered, folder, paint)
    print(f"\n{admitted} pods admitted over TLS, {surprises} answers differ from `overbank try`; everything started has ended")
    return 1 if surprises else 0


def widened(folder: Path) -> str:
    """Copy the policies, let one of them reach another namespace and put more into serverless containers, and return the copy's folder."""
    copy = folder / "proposal"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns("demo"))
    policy = copy / "burst/gpu-demo.yaml"
    text = (
        policy.read_text().replace("names: [default]", "names: [default, lab]").replace("serverless, max: 2", "serverless, max: 4")
    )
    policy.write_text(text)
    return str(copy)


def mistaken(paint: Paint, copy: Path) -> None:
    """Check a copy of the repository with one name misspelt, and show the report."""
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns("demo", "examples"))
    path = copy / MISTAKEN
    written, meant = MISTAKE
    path.write_text(path.read_text().replace(meant, written, 1))
    overbank(paint, "check", os.path.relpath(copy), expects=1)


def overbank(paint: Paint, *arguments: str, listing: bool = True, expects: int = 0) -> None:
    """Run the command line as a user would, and stop where it ends otherwise than expected; the result may be left out, findings never are."""
    heading(f"overbank {' '.join(arguments)}", paint)
    # What the command says beside its result belongs to the demonstration too, in its place.
    results = None if listing else subprocess.DEVNULL
    status = subprocess.run([OVERBANK, *arguments], check=False, stdout=results, stderr=sys.stdout).returncode
    if status != expects:
        raise SystemExit(status or 1)


def built_back(folder: Path, paint: Paint) -> None:
    """Import a guide's ResourcePolicy, and build it from the policy that it became."""
    (folder / "by-hand.yaml").write_text(BY_HAND)
    overbank(paint, "import", f"idc={folder / 'by-hand.yaml'}", "--platform", "idc=ack-registered", "-o", str(folder / "imported"))
    print((folder / "imported/burst/load-balance-policy.yaml").read_text(), end="")
    overbank(paint, "build", str(folder / "imported"), "-o", str(folder / "again"), listing=False)
    (again,) = (folder / "again").rglob("resourcepolicy.*.yaml")
    print(again.read_text(), end="")


def heading(text: str, paint: Paint) -> None:
    """Print the title of a step, before what another process may print."""
    print(f"\n{paint(f'# {text}', 'bold', 'blue')}", flush=True)


def admissions(rendered: Path, folder: Path, paint: Paint) -> tuple[int, int]:
    """Send the pods of all policy tests to the webhook of their cluster; return their number and that of surprises."""
    source = Tree(REPOSITORY)
    result = compile_repository(source)
    if result.model is None:
        return 0, 0
    clusters = {cluster.name: cluster for cluster in result.clusters}
    cases = list(policytest.run(result.model, result.clusters, source))
    heading("overbank-webhook serve --self-signed, one for each cluster", paint)
    admitted = surprises = 0
    with serving(sorted({case.test.cluster for case in cases}), rendered, folder) as webhooks:
        for cluster, webhook in sorted(webhooks.items()):
            print(f"{cluster}: {webhook.address}")
        for case in cases:
            cluster = clusters[case.test.cluster]
            for template, trial in case.trials:
                role = f" ({template.role})" if template.role else ""
                heading(f"{cluster.name}, namespace {case.test.namespace}: {case.case.name}{role}", paint)
                surprises += not admit(trial, case.test.namespace, webhooks[cluster.name], cluster, paint)
                admitted += 1
    return admitted, surprises


def admit(trial: Trial, namespace: str, webhook: Webhook, cluster: ClusterIR, paint: Paint) -> bool:
    """Admit one pod over TLS, show what came back, and say whether it is what the offline engine said."""
    patch, warnings, refusal = webhook.admit(review(trial.sent, namespace))
    after = jsonpatch.JsonPatch(patch).apply(trial.sent)
    if refusal:
        print(f"  {paint('refused:', 'bold', 'red')} {refusal}")
    elif patch:
        print("\n".join(difference(trial.sent, after, paint)))
    else:
        print(f"  {paint('comes back as it was sent', 'dim')}")
    for warning in warnings:
        print(f"  {paint('warning:', 'bold', 'yellow')} {warning}")
    denied = trial.decision.denied
    same = (patch, warnings, bool(refusal)) == (trial.operations, trial.decision.warnings, bool(denied))
    same = same and all(reason in refusal for reason in denied)
    if same:
        for line in effects(trial.decision, cluster.origins, paint, os.path.relpath(REPOSITORY)):
            print(line)
    else:
        print(f"  {paint('differs from the offline answer:', 'bold', 'red')} {trial.operations} {trial.decision.warnings} {denied}")
    return same


def review(pod: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the AdmissionReview that an API server sends for the creation of a pod."""
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    request = {
        "uid": str(uuid.uuid4()),
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        "object": pod,
        "oldObject": None,
        "dryRun": False,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except ServerError as error:
        raise SystemExit(f"demo: error: {error}") from error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; flushing at exit must not complain

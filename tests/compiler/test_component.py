"""The component of exact patches, built by the real kustomize."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.emit.patches import PatchedWorkload, emit
from compiler.manifests.exact import settled
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench
from compiler.workloads import pods_of

REPOSITORY = """\
apiVersion: overbank.dev/v1alpha1
kind: Repository
spec: {workloads: ["apps/**/*.yaml"]}
"""

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {names: [idc]}
    namespaces: {names: [shop, default]}
    pods: {matchLabels: {app: web}}
  pools:
  - {name: idc, max: 3}
  - {name: serverless}
  inject:
    labels: {team: storefront}
    annotations: {example.com/owner: "yes"}
    tolerations:
    - {key: dedicated, operator: Exists, effect: NoSchedule}
    - {operator: Exists, effect: NoExecute}
"""

APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {}}
    spec: {containers: [{name: main, image: nginx, resources: {limits: {cpu: 1}}}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web.db, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  serviceName: db
  template:
    metadata: {labels: {app: web}, annotations: {example.com/owner: me}}
    spec:
      schedulerName: default-scheduler
      tolerations: [{key: dedicated, operator: Exists}, {key: x, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
      containers: [{name: main, image: postgres}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: webxdb, namespace: shop}
spec:
  selector: {matchLabels: {app: other}}
  serviceName: db
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: main, image: postgres}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {restartPolicy: Never, tolerations: null, containers: [{name: main, image: busybox}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: web}}
        spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}
---
apiVersion: kubeflow.org/v1
kind: TFJob
metadata: {name: train, namespace: shop}
spec:
  tfReplicaSpecs:
    PS: {template: {metadata: {labels: {app: ps}}, spec: {containers: [{name: tensorflow, image: tf}]}}}
    Worker: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: tensorflow, image: tf}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: busybox}]}
"""


@pytest.fixture
def built(minimal: dict[str, str], write: Callable[..., Path]) -> tuple[Path, Result]:
    """Return a repository with an application that uses the component of its cluster, and what came of compiling it."""
    folder = write({**minimal, "overbank.yaml": REPOSITORY, "burst/web.yaml": POLICY, "apps/web.yaml": APP})
    result = compile_repository(Tree(folder))
    assert result.files, result.diagnostics
    for path, content in result.files.items():
        target = folder / "rendered" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / "apps/kustomization.yml").write_text(
        "resources: [web.yaml]\ncomponents: [../rendered/clusters/idc/components/workloads]\n"
    )
    return folder, result


def _kustomized(kubectl: str, folder: Path) -> list[dict[str, Any]]:
    run = subprocess.run([kubectl, "kustomize", folder], capture_output=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr.decode()
    return list(yaml.safe_load_all(run.stdout))


def _key(manifest: dict[str, Any]) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def test_kustomized_workloads_make_the_webhooks_pods(built: tuple[Path, Result], kubectl: str) -> None:
    """Pods of patched workloads are, field by field, what the webhook makes of the unpatched ones' pods, and it leaves them alone."""
    folder, result = built
    bench = Bench(result.clusters[0])
    raw = {_key(each): each for each in yaml.safe_load_all(APP)}
    patched = {_key(each): each for each in _kustomized(kubectl, folder / "apps")}
    assert raw.keys() == patched.keys()
    changed = set()
    for key, manifest in raw.items():
        namespace = manifest["metadata"].get("namespace", "default")
        for before, after in zip(pods_of(manifest), pods_of(patched[key]), strict=True):
            trial = bench.admit(before.pod, namespace)
            assert settled(after.pod) == settled(trial.after), key
            assert bench.admit(after.pod, namespace).operations == [], key
            if trial.operations:
                changed.add((*key, before.role))
    assert changed == {
        ("Deployment", "web", ""),
        ("StatefulSet", "web.db", ""),
        ("Job", "once", ""),
        ("CronJob", "tick", ""),
        ("TFJob", "train", "Worker"),
        ("Pod", "bare", ""),
    }


def test_application_may_use_a_component_with_patches_for_others(built: tuple[Path, Result], kubectl: str) -> None:
    """Patches whose workload is not in an application are passed over, and a component without patches is one too."""
    folder, _ = built
    other = folder / "other"
    other.mkdir()
    (other / "only.yaml").write_text(APP.split("---\n")[3])
    (other / "kustomization.yaml").write_text(
        "resources: [only.yaml]\ncomponents: [../rendered/clusters/idc/components/workloads, ../empty]\n"
    )
    (folder / "empty").mkdir()
    (folder / "empty/kustomization.yaml").write_bytes(emit([])["components/workloads/kustomization.yaml"])
    (job,) = _kustomized(kubectl, other)
    assert job["spec"]["template"]["spec"]["schedulerName"] == "ack-co-scheduler"


def test_cluster_itself_does_not_apply_the_component(built: tuple[Path, Result], kubectl: str) -> None:
    """The cluster's own kustomization lists its objects, and no patches."""
    folder, _ = built
    kinds = {each["kind"] for each in _kustomized(kubectl, folder / "rendered/clusters/idc")}
    backstop = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert kinds == {"ConfigMap", "MutatingWebhookConfiguration", "ResourcePolicy", *backstop}


def test_names_of_patch_files_fit_any_file_system() -> None:
    """An object's name may be longer than a file's; the file then has a digest instead of the rest."""
    long = [
        PatchedWorkload(group="apps", version="v1", kind="Deployment", name=f"{'a' * 250}{end}", namespace="shop", operations=[])
        for end in "bc"
    ]
    paths = sorted(path for path in emit(long) if not path.endswith("kustomization.yaml"))
    assert len(paths) == 2
    assert all(len(path.rpartition("/")[2]) <= 200 for path in paths)

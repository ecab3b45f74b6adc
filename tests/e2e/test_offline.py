"""Offline equals online, for pods out of the ordinary: the API server takes what the engine says of them, and it is the same patch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench
from tests.e2e.controlplane.client import Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.comparison import missing

NAMESPACE = "e2e-offline"
COMPUTED = {"/spec/priority", "/spec/preemptionPolicy"}

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: everything}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [e2e-offline]}
    pods: {all: true}
  pools: [{name: idc}, {name: vnodes}]
  strategy: MODE
  incompatible: warn
  merge: MERGE
  inject:
    annotations: {example.com/note: x}
    schedulerName: volcano
    priorityClassName: e2e-offline
    tolerations:
    - {key: dedicated, value: batch, effect: NoSchedule}
    - {key: spot, operator: Exists}
    nodeSelector: {kubernetes.io/os: linux}
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - {matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}]}
        - {matchFields: [{key: metadata.name, operator: NotIn, values: [idc-1]}]}
      preferredDuringSchedulingIgnoredDuringExecution:
      - {weight: 50, preference: {matchExpressions: [{key: generation, operator: Exists}]}}
"""

PODS = """\
nothing: {}
empty maps: {metadata: {labels: {}, annotations: {}}, spec: {nodeSelector: {}, tolerations: [], affinity: {}, volumes: []}}
empty affinity: {spec: {affinity: {nodeAffinity: {}, podAffinity: {}}}}
a kept value: {metadata: {annotations: {example.com/note: mine}}, spec: {schedulerName: ack-co-scheduler}}
a class of its own: {spec: {priorityClassName: e2e-other}}
a class of the system: {spec: {priorityClassName: system-node-critical}}
the same class: {spec: {priorityClassName: e2e-offline}}
tolerates everything: {spec: {tolerations: [{operator: Exists}]}}
tolerates the taint by key: {spec: {tolerations: [{key: dedicated, operator: Exists}]}}
tolerates for a while: {spec: {tolerations: [{key: spot, operator: Exists, effect: NoExecute, tolerationSeconds: 60}]}}
tolerates both at once: {spec: {tolerations: [{key: spot, operator: Exists}, {key: dedicated, value: batch, effect: NoSchedule}]}}
the default tolerations by hand:
  spec:
    tolerations:
    - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
selects nodes: {spec: {nodeSelector: {kubernetes.io/os: windows, disk: ssd}}}
terms of its own:
  spec:
    affinity:
      nodeAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - {matchExpressions: [{key: a, operator: Exists}], matchFields: [{key: metadata.name, operator: In, values: [idc-2]}]}
          - {matchExpressions: [{key: cores, operator: Gt, values: ["8"]}]}
        preferredDuringSchedulingIgnoredDuringExecution:
        - {weight: 1, preference: {matchExpressions: [{key: generation, operator: Exists}]}}
an empty term:
  spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}}}}
pod affinity beside it:
  spec:
    affinity:
      podAntiAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
        - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
init containers and a sidecar:
  spec:
    initContainers:
    - {name: first, image: x, resources: {limits: {cpu: 500m}}}
    - {name: mesh, image: x, restartPolicy: Always, resources: {requests: {memory: 64Mi}}}
requests of the whole pod: {spec: {resources: {requests: {cpu: "2"}, limits: {cpu: "4", memory: 1Gi}}}}
odd quantities: {spec: {containers: [{name: main, image: x, resources: {limits: {cpu: 2, memory: "1e9"}, requests: {cpu: 100m}}}]}}
gated: {spec: {schedulingGates: [{name: example.com/quota}]}}
without a token: {spec: {automountServiceAccountToken: false, enableServiceLinks: false}}
a token of its own:
  spec:
    containers:
    - {name: main, image: x, volumeMounts: [{name: t, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}
    volumes: [{name: t, emptyDir: {}}]
spread: {spec: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]}}
user namespaces: {spec: {hostUsers: false, shareProcessNamespace: true, setHostnameAsFQDN: true}}
on the host: {spec: {hostNetwork: true, hostPID: true, dnsPolicy: ClusterFirstWithHostNet}}
letters: {metadata: {labels: {app: a_b.c}, annotations: {note: "\\u00e9\\u4e2d\\U0001f600 \\"quoted\\" ~1 /"}}}
a mark that is forged: {metadata: {labels: {overbank.dev/placement: nobody}, annotations: {overbank.dev/applied: "x@000000000000"}}}
"""


@pytest.mark.parametrize(("mode", "merge"), [("require", "keep"), ("prefer", "override")])
def test_unusual_pods_are_what_they_are_offline(
    mode: str, merge: str, cluster: Cluster, site: Callable[..., Any], tmp_path: Path
) -> None:
    """The API server accepts every patched pod, and the patch is the one that ``overbank try`` shows; nothing else is changed."""
    for name, value in (("e2e-offline", 10), ("e2e-other", 20)):
        metadata = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        cluster.create(metadata | {"value": value})
    cluster.standing(NAMESPACE)
    site(POLICY.replace("MODE", mode).replace("MERGE", merge))
    (compiled,) = compile_repository(Tree(tmp_path / "site-1")).clusters
    bench = Bench(compiled)
    for number, (what, given) in enumerate(yaml.safe_load(PODS).items()):
        pod = _pod(given, f"pod-{mode}-{number}")
        trial = bench.admit(pod, NAMESPACE)
        stored = cluster.api.create(pod, dry_run=True)
        assert [_without_computed_operations(each) for each in cluster.patches(stored)] == [
            _without_computed_operations(trial.operations)
        ], what
        assert cluster.api.warnings == trial.decision.warnings, what
        assert missing(_without_computed(trial.after), _without_computed(stored)) == [], what


def _pod(given: Object, name: str) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE, **given.get("metadata", {})}
    spec = {"containers": [{"name": "main", "image": "x"}], **given.get("spec", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _without_computed(pod: Object) -> Object:
    """Leave out what the API server computes from the priority class that a pod names, and nobody can know offline."""
    return {**pod, "spec": {key: value for key, value in pod["spec"].items() if f"/spec/{key}" not in COMPUTED}}


def _without_computed_operations(operations: list[Any]) -> list[Any]:
    return [each for each in operations if each["path"] not in COMPUTED]

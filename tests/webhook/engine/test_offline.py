"""Offline equals online: what the compiler holds in memory is what the webhook reads back."""

from collections.abc import Callable, Mapping

import msgspec

from compiler.pipeline import Result
from webhook.engine.bundle import decode

_REPOSITORY = """\
apiVersion: overbank.dev/v1alpha1
kind: Repository
spec: {}
---
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: vke}
spec:
  platform: vke
  kubernetesVersion: "1.30"
  namespaces: [{name: shop, labels: {z: "1", a: "2"}}]
  pools:
  - {name: serverless, type: vci, podAnnotations: {z: "1", a: "2"}}
---
apiVersion: overbank.dev/v1alpha1
kind: AcceleratorClass
metadata: {name: gpu}
spec:
  resource: nvidia.com/gpu
  vci: {instanceTypes: [vci.g1v.2xlarge], instanceFamily: [vci.g1v]}
---
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {names: [vke]}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web}}
  pools: [{name: serverless}]
  accelerator: gpu
  inject: {labels: {z: "1", a: "2"}, annotations: {y: "1", b: "2"}}
"""


def test_what_is_tried_offline_is_what_is_loaded_in_the_cluster(compiled: Callable[[Mapping[str, str]], Result]) -> None:
    """The bundle that `overbank try` decides from equals the one that is read back, also in the order that patches follow."""
    result = compiled({"overbank.yaml": _REPOSITORY})
    (cluster,) = result.clusters
    loaded = decode(result.files["clusters/vke/webhook/bundle.json"])
    assert loaded == cluster.bundle
    assert msgspec.json.encode(loaded) == msgspec.json.encode(cluster.bundle)

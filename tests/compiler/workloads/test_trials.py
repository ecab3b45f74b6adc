"""Trials of pods that no API server would take."""

import contextlib
import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.pipeline import Result
from compiler.trial import Bench, NotAPodError
from compiler.workloads import NotAWorkloadError, pods_of
from tests.compiler.workloads.manifests import SPEC, template


@pytest.fixture
def bench(compiled: Callable[[Mapping[str, str | bytes]], Result], minimal: dict[str, str]) -> Bench:
    """Return the engine of the small repository's cluster."""
    (cluster,) = compiled(minimal).clusters
    return Bench(cluster)


def test_trial_leaves_the_manifest_alone(bench: Bench) -> None:
    """Neither defaulting nor the patch changes the pod that was handed in."""
    pod = {"kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": copy.deepcopy(SPEC)}
    before = copy.deepcopy(pod)
    trial = bench.admit(pod, "shop")
    assert pod == before
    assert trial.operations
    assert trial.sent["spec"]["schedulerName"] == "default-scheduler"
    assert trial.after["spec"]["schedulerName"] == "ack-co-scheduler"


@pytest.mark.parametrize(
    "pod",
    [
        {"spec": {"containers": 5}},
        {"spec": {"containers": ["x"]}},
        {"spec": {"containers": [{"resources": "x"}]}},
        {"spec": {"containers": [{"resources": {"limits": {"a": 1}, "requests": "x"}}]}},
        {"spec": {"containers": [{"volumeMounts": "x"}]}},
        {"spec": {"containers": [{"volumeMounts": ["x"]}]}},
        {"spec": {"containers": [{}], "volumes": "x"}},
        {"spec": {"initContainers": True}},
        {"spec": {"tolerations": 5}},
        {"spec": {"tolerations": ["x"]}},
        {"spec": {"schedulerName": 5}},
        {"spec": {"nodeName": []}},
        {"metadata": "x", "spec": {}},
        {"metadata": {"labels": ["x"]}, "spec": {}},
        {"metadata": {"labels": {"a": 1}}, "spec": {}},
        {"metadata": {"annotations": {"a": None}}, "spec": {}},
        {"metadata": {"ownerReferences": {}}, "spec": {}},
    ],
)
def test_malformed_pod_is_refused_in_words(bench: Bench, pod: dict[str, Any]) -> None:
    """A pod that no API server would take is refused with a sentence, not with a traceback."""
    with pytest.raises(NotAPodError, match="the API server would refuse this pod"):
        bench.admit({"kind": "Pod", **pod}, "shop")


@pytest.mark.parametrize(
    "manifest",
    [
        {"kind": "Deployment", "metadata": "x", "spec": template()},
        {"kind": "Deployment", "metadata": ["x"], "spec": template()},
        {"kind": "Deployment", "spec": {"template": {"metadata": "x", "spec": {}}}},
        {"kind": "Deployment", "spec": {"template": {"metadata": {"labels": ["x"]}, "spec": {}}}},
        {"kind": "Job", "spec": {"template": {"metadata": {"labels": "x"}, "spec": {}}}},
        {"kind": ["Deployment"], "metadata": {"name": ["x"]}, "spec": template()},
    ],
)
def test_malformed_workload_is_refused_in_words(bench: Bench, manifest: dict[str, Any]) -> None:
    """A workload with metadata of the wrong type is refused with a sentence, sooner or later, not with a traceback."""
    with contextlib.suppress(NotAWorkloadError, NotAPodError):
        for each in pods_of(manifest):
            bench.admit(each.pod, "shop")

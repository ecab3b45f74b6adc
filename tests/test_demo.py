"""The demonstration: what ``make demo`` runs, from the outside."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def shown() -> str:
    """Return what the demonstration prints into a pipe."""
    done = subprocess.run([sys.executable, "policies/demo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_pod_is_answered_as_offline(shown: str) -> None:
    """The webhooks' answers over TLS are the offline engine's, for every pod of every policy test."""
    summary = shown.splitlines()[-1]
    assert summary.endswith("pods admitted over TLS, 0 answers differ from `overbank try`; everything started has ended")
    assert int(summary.split()[0]) >= 20


def test_both_vendors_are_compiled(shown: str) -> None:
    """The tree that is shown has ResourcePolicies of Alibaba and of Volcengine."""
    assert "resourcepolicy.scheduling.alibabacloud.com-gpu-demo.yaml" in shown
    assert "resourcepolicy.scheduling.vke.volcengine.com-gpu-demo.yaml" in shown


def test_a_mistake_is_shown_with_its_line(shown: str) -> None:
    """A copy of the samples with a misspelt pool is refused, with the line, what is wrong with it, and what was meant."""
    assert "error[OB2106]" in shown
    assert "- {name: postpayed}" in shown
    assert "did you mean `postpaid`?" in shown


def test_pods_that_missed_their_mutation_are_found(shown: str) -> None:
    """A dump of a cluster whose webhook was away is swept, and its restart keeps to the disruption budget."""
    assert "Deployment web/nginx: 2 pods missed their mutation" in shown
    assert "kubectl -n web rollout restart deployment/nginx" in shown


def test_a_guides_object_is_imported_and_built_back(shown: str) -> None:
    """A hand-written ResourcePolicy becomes a policy, and the object that the policy builds is shown below it."""
    assert "1 object became 1 policy in 3 files, which builds the same; no findings" in shown
    assert "\n  - {name: idc, max: 2}\n  - {name: nodes, max: 4}\n" in shown


def test_each_change_names_its_policy_line(shown: str) -> None:
    """Below the difference stands the policy, and the file, line and column that the value was written on."""
    assert (
        "+ metadata.annotations[k8s.aliyun.com/eci-use-specs]: ecs.gn5i-c2g1.large  <- gpu-demo policies/accelerators/gpu.yaml:16:19"
        in shown
    )
    assert "~ spec.schedulerName: ack-co-scheduler (was default-scheduler)  <- cost-balance-serverless" in shown


@pytest.mark.parametrize("kind", ["Namespace", "PropagationPolicy", "OverridePolicy", "HorizontalPodAutoscaler", "Component"])
def test_every_kind_of_object_is_shown(shown: str, kind: str) -> None:
    """Labels on namespaces, federation and patches of manifests stand beside the ResourcePolicies."""
    assert f"\nkind: {kind}\n" in shown


def test_plans_are_shown(shown: str) -> None:
    """Every scenario of the sample is played, one with its reasons, and a page is written."""
    for name in ("gpu-by-weight", "gpu-by-priority", "gpu-by-priority-as-documented", "gpu-autoscaled", "idc-then-eci"):
        assert f"\n{name}  " in shown
    waiting = "0/3 pools are available: prepaid is full (2 nodes), serverless is at its max of 2, postpaid waits for 2 nodes"
    assert waiting in " ".join(shown.split())
    assert "\none page of " in shown


def test_refusals_are_shown_with_their_reason(shown: str) -> None:
    """A pod that its pool cannot run is refused, and the reason is printed."""
    assert "refused: overbank policy ray-on-ai-nodes: spec.hostNetwork: AI nodes have no network of a host to share" in shown


def test_a_pipe_gets_plain_text(shown: str) -> None:
    """Without a terminal there are no escape sequences."""
    assert "\x1b" not in shown

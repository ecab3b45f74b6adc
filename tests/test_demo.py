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


def test_each_change_names_its_policy_line(shown: str) -> None:
    """Below the difference stands the policy, and the file, line and column that the value was written on."""
    assert (
        "+ metadata.annotations[k8s.aliyun.com/eci-use-specs]: ecs.gn5i-c2g1.large  <- gpu-demo policies/accelerators/gpu.yaml:16:19"
        in shown
    )
    assert "~ spec.schedulerName: ack-co-scheduler (was default-scheduler)  <- cost-balance-serverless" in shown


def test_a_pipe_gets_plain_text(shown: str) -> None:
    """Without a terminal there are no escape sequences."""
    assert "\x1b" not in shown

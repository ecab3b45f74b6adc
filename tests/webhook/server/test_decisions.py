"""The log of decisions: what it says, for which decisions, and what it never says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webhook.server.reviews import UID, MakeReview
from webhook.admission import Admission
from webhook.bundles.store import Snapshot, Store
from webhook.engine.bundle import decode
from webhook.readiness import Readiness
from webhook.telemetry.decisions import DecisionLog, Scope
from webhook.telemetry.hooks import Outcome
from webhook.telemetry.metrics import Metrics


@pytest.fixture
def decide(bundle_file: Path, caller: Any) -> Callable[..., list[dict[str, Any]]]:
    """Return a caller of admission that returns what is logged."""

    def call(scope: Scope, *bodies: Any, loaded: bool = True) -> list[dict[str, Any]]:
        store, written = Store(Readiness()), list[bytes]()
        if loaded:
            store.swap(Snapshot.of(decode(bundle_file.read_bytes())))
        log = DecisionLog(scope, written.append, clock=lambda: 1_800_000_000.25)
        admit = caller(Admission(store, Metrics(), body_timeout=9, decisions=log))
        for body in bodies:
            admit(body if isinstance(body, bytes) else json.dumps(body).encode())
        assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in written)
        return [json.loads(line) for line in written]

    return call


def test_says_what_became_of_a_request(decide: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A line has the request's uid and namespace, the outcome, the policies in the pod, and how long it took."""
    (line,) = decide(Scope.CHANGES, make_review(pod))
    assert line.pop("milliseconds") > 0
    assert [mark.partition("@")[0] for mark in line.pop("applied").split(",")] == ["gpu-demo", "web-defaults"]
    assert line == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "info",
        "logger": "overbank.webhook",
        "event": "decision",
        "uid": UID,
        "outcome": "patched",
        "namespace": "default",
        "owner": "gpu-demo",
        "operations": 4,
    }


def test_logs_what_it_was_asked_to(decide: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Changes are patched, denied and failed requests; all is all; none is none."""
    bodies = [make_review(pod), make_review(pod, operation="UPDATE"), make_review({"spec": 7}), b"{}", make_review({"spec": {}})]
    outcomes = ["patched", "ignored", "malformed", "malformed", "unchanged"]
    assert [line["outcome"] for line in decide(Scope.ALL, *bodies)] == outcomes
    assert [line["outcome"] for line in decide(Scope.CHANGES, *bodies)] == ["patched", "malformed", "malformed"]
    assert decide(Scope.NONE, *bodies) == []
    assert [line["uid"] for line in decide(Scope.ALL, *bodies)] == [UID, UID, UID, None, UID]
    assert [line["level"] for line in decide(Scope.CHANGES, make_review(pod), loaded=False)] == ["error"]


def test_says_why_a_pod_is_left_alone(decide: Any, make_review: MakeReview) -> None:
    """An exempt pod has its reason, where all decisions are logged."""
    (line,) = decide(Scope.ALL, make_review({"spec": {}}, namespace="kube-system"))
    assert (line["outcome"], line["exemption"]) == ("exempt", "excluded-namespace")


def test_every_outcome_is_either_a_change_or_not() -> None:
    """Failures of ours are never left out by default."""
    log = DecisionLog(Scope.CHANGES, lambda _: None)
    assert {Outcome.FAILED, Outcome.DENIED, Outcome.PATCHED, Outcome.NOT_READY} <= log.wanted


def test_says_nothing_of_the_pod(decide: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """No name, label, annotation or value of a pod is in the log, whatever becomes of it."""
    secret = "s3cr3t"
    pod["metadata"] |= {"name": secret, "annotations": {"a": secret}}
    pod["metadata"]["labels"]["b"] = secret
    pod["spec"]["containers"][0] |= {"name": secret, "env": [{"name": "PASSWORD", "value": secret}]}
    broken = {"metadata": {"labels": {secret: 7}}}
    lines = decide(Scope.ALL, make_review(pod, name=secret), make_review(broken), make_review(pod, operation="UPDATE"))
    assert len(lines) == 3
    assert secret not in json.dumps(lines)

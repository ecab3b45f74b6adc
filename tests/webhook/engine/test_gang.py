"""Gang labels: both or neither, from what the pod says of itself."""

from collections.abc import Callable
from typing import Any

import pytest

from webhook.engine.fields import Fields, Gang, Scheduling

NAME = "pod-group.scheduling.sigs.k8s.io/name"
SIZE = "pod-group.scheduling.sigs.k8s.io/min-available"
JOB = "training.kubeflow.org/job-name"

Admit = Callable[..., Any]
Make = Callable[..., Any]


@pytest.fixture
def gang(admit: Admit, bundle_of: Make, policy_of: Make) -> Callable[..., Any]:
    """Admit a pod with these labels and annotations under a policy with a gang."""

    def gang(labels: dict[str, str], annotations: dict[str, str] | None = None, **given: Any) -> Any:
        wanted = Gang(JOB, **(given or {"min_available": 5}))
        policy = policy_of(scheduling=Scheduling(gang=wanted))
        return admit(bundle_of(policy), {"metadata": {"labels": labels, "annotations": annotations or {}}, "spec": {}})

    return gang


def test_a_gang_is_named_by_its_job(gang: Make) -> None:
    """Name and size are written as labels, since the scheduler makes the PodGroup of those."""
    outcome = gang({JOB: "tf-smoke"})
    assert outcome.after["metadata"]["labels"] == {JOB: "tf-smoke", NAME: "tf-smoke", SIZE: "5"}
    assert outcome.decision.warnings == []


@pytest.mark.parametrize(
    ("given", "labels", "annotations"),
    [
        ({"min_available_label": "replicas"}, {"replicas": "3"}, {}),
        ({"min_available_annotation": "replicas"}, {}, {"replicas": "3"}),
    ],
)
def test_the_size_may_stand_in_the_pod(
    gang: Make, given: dict[str, str], labels: dict[str, str], annotations: dict[str, str]
) -> None:
    """A label or an annotation says how many pods the gang needs."""
    assert gang({JOB: "j", **labels}, annotations, **given).after["metadata"]["labels"][SIZE] == "3"


@pytest.mark.parametrize(
    ("labels", "given", "text"),
    [
        ({}, {}, f"metadata.labels[{JOB}], which names the gang, is missing"),
        ({JOB: ""}, {}, "is missing"),
        ({JOB: "Not_A_Name"}, {}, 'is "Not_A_Name", and a gang is named by a DNS-1123 subdomain'),
        ({JOB: "-a"}, {}, "DNS-1123"),
        ({JOB: "a..b"}, {}, "DNS-1123"),
        ({JOB: "a\n"}, {}, "DNS-1123"),
        ({JOB: "a" * 64}, {}, "at most 63 characters"),
        ({JOB: "j"}, {"min_available_label": "n"}, "metadata.labels[n], which says how many pods the gang needs, is missing"),
        ({JOB: "j"}, {"min_available_annotation": "n"}, "metadata.annotations[n], which says how many"),
        ({JOB: "j", "n": "0"}, {"min_available_label": "n"}, 'is "0", and a gang needs a positive whole number'),
        ({JOB: "j", "n": "-1"}, {"min_available_label": "n"}, "positive"),
        ({JOB: "j", "n": "1.5"}, {"min_available_label": "n"}, "positive"),
        ({JOB: "j", "n": "٣"}, {"min_available_label": "n"}, "positive"),
        ({JOB: "j", "n": "2147483648"}, {"min_available_label": "n"}, "positive"),
    ],
)
def test_an_unusable_source_gives_a_warning_and_neither_label(
    gang: Make, labels: dict[str, str], given: dict[str, str], text: str
) -> None:
    """A gang of a wrong name or size would never be scheduled, so none is made and the user is told why."""
    outcome = gang(labels, **given)
    assert outcome.operations == []
    (warning,) = outcome.decision.warnings
    assert warning.startswith("overbank policy p: the pod joins no gang, since ")
    assert text in warning


@pytest.mark.parametrize(("size", "given"), [("2147483647", {"min_available_label": "n"}), ("1", {"min_available_label": "n"})])
def test_the_largest_and_the_smallest_gang(gang: Make, size: str, given: dict[str, str]) -> None:
    """Sizes are those that a PodGroup can have."""
    assert gang({JOB: "a.b-c", "n": size}, **given).after["metadata"]["labels"][SIZE] == size


def test_labels_of_the_author_stay(gang: Make) -> None:
    """A gang that the author made by hand is kept, whole or in part, and needs no source."""
    whole = gang({NAME: "mine", SIZE: "2"})
    assert (whole.operations, whole.decision.warnings) == ([], [])
    part = gang({JOB: "j", NAME: "mine"})
    assert part.after["metadata"]["labels"] == {JOB: "j", NAME: "mine", SIZE: "5"}


def test_the_highest_policy_with_a_gang_decides_alone(admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """A lower policy's gang does not stand in for a higher one whose source is unusable."""
    high = policy_of("high", priority=2, scheduling=Scheduling(gang=Gang("absent", min_available=2)))
    low = policy_of("low", priority=1, scheduling=Scheduling(gang=Gang(JOB, min_available=3)))
    outcome = admit(bundle_of(high, low), {"metadata": {"labels": {JOB: "j"}}, "spec": {}})
    assert outcome.operations == []
    assert "overbank policy high:" in outcome.decision.warnings[0]


def test_policies_that_agree_share_a_gang(admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """Both are listed, and there is one pair of labels."""
    wanted = Scheduling(gang=Gang(JOB, min_available=3))
    bundle = bundle_of(policy_of("a", scheduling=wanted), policy_of("b", scheduling=wanted))
    outcome = admit(bundle, {"metadata": {"labels": {JOB: "j"}}, "spec": {}})
    assert [mark.split("@")[0] for mark in outcome.decision.applied.split(",")] == ["a", "b"]


def test_an_injected_source_is_found_at_once(admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """The gang is read from the pod as it is going to be, so that admitting it again finds the same."""
    policy = policy_of(scheduling=Scheduling(gang=Gang(JOB, min_available=3)), inject=Fields(labels={JOB: "fixed"}))
    first = admit(bundle_of(policy), {"spec": {}})
    assert first.after["metadata"]["labels"] == {JOB: "fixed", NAME: "fixed", SIZE: "3"}
    assert admit(bundle_of(policy), first.after).operations == []


def test_an_injected_gang_label_gives_way_to_the_gang_above_it(admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """For a promised label the order of the policies decides as for any other, and the promise counts only if it is kept."""
    high = policy_of("high", priority=1, scheduling=Scheduling(gang=Gang(JOB, min_available=3)))
    low = policy_of("low", inject=Fields(labels={NAME: "fallback"}))
    bundle = bundle_of(high, low)
    assert admit(bundle, {"metadata": {"labels": {JOB: "j"}}, "spec": {}}).after["metadata"]["labels"][NAME] == "j"
    assert admit(bundle, {"metadata": {"labels": {"app": "x"}}, "spec": {}}).after["metadata"]["labels"] == {
        "app": "x",
        NAME: "fallback",
    }

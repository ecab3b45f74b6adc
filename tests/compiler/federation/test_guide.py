"""Placement policies against the guide's own objects."""

from pathlib import Path

import pytest

from tests.compiler.federation.guide import (
    ACK,
    HPA,
    HPA_LABELS,
    OVERRIDES,
    PRIORITY,
    PROPAGATION,
    VKE_1,
    VKE_2,
    WEIGHTED,
    compiled_case,
    object_of,
)


@pytest.mark.parametrize("row", PROPAGATION)
def test_propagation_policy_is_the_guides(golden: Path, row: str) -> None:
    """The PropagationPolicy is the guide's object, apart from the label that says who manages it."""
    case, expected = PROPAGATION[row]
    found = object_of(compiled_case(golden, case).files, "PropagationPolicy")
    assert found["metadata"].pop("labels") == {"app.kubernetes.io/managed-by": "overbank"}
    assert found == expected


@pytest.mark.parametrize("case", [WEIGHTED, PRIORITY])
def test_override_policy_and_autoscaler_are_the_guides(golden: Path, case: str) -> None:
    """The OverridePolicy has the guide's rules, and the autoscaler its label and fields in autoscaling/v2."""
    files = compiled_case(golden, case).files
    override, autoscaler = object_of(files, "OverridePolicy"), object_of(files, "HorizontalPodAutoscaler")
    assert override["spec"] == {"overrideRules": OVERRIDES}
    assert autoscaler["apiVersion"] == "autoscaling/v2"
    assert HPA_LABELS.items() <= autoscaler["metadata"]["labels"].items()
    assert autoscaler["spec"] == HPA


@pytest.mark.parametrize("row", PROPAGATION)
def test_expected_files_mean_the_same(golden: Path, row: str) -> None:
    """The golden files on disk say the same as the guide, so that accepting a change of meaning fails here."""
    case, expected = PROPAGATION[row]
    files = {
        path.relative_to(golden / case / "expected").as_posix(): path.read_bytes()
        for path in (golden / case / "expected").rglob("*.yaml")
    }
    assert object_of(files, "PropagationPolicy")["spec"] == expected["spec"]
    assert object_of(files, "OverridePolicy")["spec"] == {"overrideRules": OVERRIDES}
    assert object_of(files, "HorizontalPodAutoscaler")["spec"] == HPA


def test_normal_form_is_given_for_simulation(golden: Path) -> None:
    """The result of a compilation has each host's placements with declared and member names and the migration delay."""
    (host,) = compiled_case(golden, WEIGHTED).hosts
    (placement,) = host.placements
    assert [(target.cluster, target.member) for target in placement.targets] == [
        ("vke-poc1", VKE_1),
        ("vke-poc2", VKE_2),
        ("ack-poc", ACK),
    ]
    assert placement.migration
    assert placement.migration.after_seconds == 120

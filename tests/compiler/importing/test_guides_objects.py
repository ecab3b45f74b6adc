"""The guides' own objects, imported through the command line: what is built from the policy files is what the guides wrote."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

LABEL = "who manages it"
NAMED = "its name is that of the policy"
MEMBERS = ("vke-poc1=cclt81kqnjbeqedvbbt0g", "vke-poc2=ccltbv1p1h4ho7pq6sugg", "ack-poc=cclt75bp1h4ho7pq6su9g")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Files of a guide, by cluster, and how each object (by kind) may differ afterwards."""

    files: dict[str, tuple[str, ...]]
    differs: dict[str, set[str]]
    arguments: tuple[str, ...] = ()
    warnings: int = 0


_FEDERATION = tuple(each for member in MEMBERS for each in ("--member", member))

GUIDES = {
    "registered cluster, ECI": Guide(
        files={"idc": ("registered-eci.yaml", "registered-eci-workload.yaml")},
        differs={"ResourcePolicy": {LABEL, "the namespace is written out", "a nodeSelector without effect is left out"}},
        warnings=1,
    ),
    "registered cluster, nodes": Guide(
        files={"idc": ("registered-nodes.yaml",)}, differs={"ResourcePolicy": {LABEL, "the namespace is written out"}}
    ),
    "registered cluster, limited nodes": Guide(
        files={"idc": ("registered-nodes-limited.yaml",)}, differs={"ResourcePolicy": {LABEL, "the namespace is written out"}}
    ),
    "two VKE clusters": Guide(
        files={"vke-poc1": ("vke-poc1.yaml",), "vke-poc2": ("vke-poc2.yaml",)}, differs={"ResourcePolicy": {LABEL}}
    ),
    "ACK Pro": Guide(files={"ack-poc": ("ack-poc.yaml",)}, differs={"ResourcePolicy": {LABEL}}),
    "ACK Pro from scheduler 6.4 on": Guide(
        files={"ack-poc": ("ack-poc.yaml",)},
        differs={"ResourcePolicy": {LABEL, "defaults of scheduler 6.4 are written out"}},
        arguments=("--scheduler", "ack-poc=6.4"),
    ),
    "replicas by weight": Guide(
        files={"": ("fed-pp-weight.yaml", "fed-op.yaml", "fed-hpa.yaml", "fed-dp-gpu.yaml")},
        differs={
            "PropagationPolicy": {LABEL},
            "OverridePolicy": {LABEL, NAMED},
            "HorizontalPodAutoscaler": {LABEL, NAMED, "autoscaling/v2 in the place of its beta"},
        },
        arguments=_FEDERATION,
        warnings=2,
    ),
    "replicas by priority": Guide(
        files={"": ("fed-pp-priority.yaml", "fed-op.yaml", "fed-dp-gpu-by-priority.yaml")},
        differs={"PropagationPolicy": {LABEL}, "OverridePolicy": {LABEL, NAMED}},
        arguments=_FEDERATION,
        warnings=1,
    ),
    "the whole fleet": Guide(
        files={
            "": ("fed-pp-weight.yaml", "fed-op.yaml", "fed-hpa.yaml", "fed-dp-gpu.yaml"),
            "vke-poc1": ("vke-poc1.yaml",),
            "vke-poc2": ("vke-poc2.yaml",),
            "ack-poc": ("ack-poc.yaml",),
        },
        differs={
            "ResourcePolicy": {LABEL},
            "PropagationPolicy": {LABEL},
            "OverridePolicy": {LABEL, NAMED},
            "HorizontalPodAutoscaler": {LABEL, NAMED, "autoscaling/v2 in the place of its beta"},
        },
        arguments=_FEDERATION,
        warnings=2,
    ),
}


def _inputs(guide: Guide, guides: Path) -> list[str]:
    return [
        f"{cluster}={guides / name}" if cluster else str(guides / name) for cluster, names in guide.files.items() for name in names
    ]


@pytest.mark.parametrize("name", GUIDES)
def test_guides_objects_build_back(
    name: str,
    guides: Path,
    tmp_path: Path,
    cli: Callable[..., Any],
    *,
    built: Callable[[Path], Any],
    compare: Callable[..., Any],
) -> None:
    """Every object of a guide comes back equal, apart from a closed list of differences by kind, of which each is seen."""
    guide, folder = GUIDES[name], tmp_path / "new"
    outcome = cli("import", *_inputs(guide, guides), *guide.arguments, "-o", folder, "--format", "concise")
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("warning[OB5702]") == guide.warnings, outcome.err
    assert cli("check", folder).code == 0
    made = built(folder)
    for cluster, names in guide.files.items():
        for given in (yaml.safe_load((guides / each).read_text(encoding="utf-8")) for each in names):
            if given["kind"] == "Deployment":
                continue
            candidates = [back for (where, kind, *_), back in made.items() if (where, kind) == (cluster, given["kind"])]
            assert len(candidates) == 1
            comparison = compare(given, candidates[0])
            assert comparison.same, (comparison.given, comparison.built)
            assert comparison.how == guide.differs[given["kind"]]


@pytest.mark.parametrize("name", ["two VKE clusters", "the whole fleet"])
def test_order_of_inputs_does_not_matter(name: str, guides: Path, cli: Callable[..., Any]) -> None:
    """The same files in another order give the same bytes."""
    inputs = _inputs(GUIDES[name], guides)
    one = cli("import", *inputs, *GUIDES[name].arguments)
    other = cli("import", *reversed(inputs), *GUIDES[name].arguments)
    assert one.code == other.code == 0
    assert one.out == other.out
    assert one.err == other.err


def test_hash_seeds_do_not_matter(guides: Path, overbank: Callable[..., Any]) -> None:
    """Two processes that hash differently print the same bytes."""
    guide = GUIDES["the whole fleet"]
    inputs = [*_inputs(guide, guides), f"pods={guides}", *guide.arguments]
    one, other = (overbank("import", *inputs, "--lossy", env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


def test_policies_look_like_those_that_people_write(guides: Path, cli: Callable[..., Any]) -> None:
    """A guide's ResourcePolicy becomes the policy that the documentation would show for it."""
    outcome = cli("import", f"idc={guides / 'registered-nodes-limited.yaml'}")
    _, policy, cluster, _ = outcome.out.split("---\n")
    place = f"{guides / 'registered-nodes-limited.yaml'}:4 ResourcePolicy default/load-balance-policy"
    assert (
        policy
        == f"""\
# burst/load-balance-policy.yaml
# from {place}
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {{name: load-balance-policy}}
spec:
  match:
    clusters: {{names: [idc]}}
    namespaces: {{names: [default]}}
    pods: {{matchLabels: {{app: nginx}}}}
  pools:
  - {{name: idc, max: 2}}
  - {{name: nodes, max: 4}}
"""
    )
    assert cluster.endswith("""\
metadata: {name: idc}
spec:
  platform: ack-registered
  kubernetesVersion: "1.30"
  pools:
  - {name: idc, type: idc}
  - {name: nodes, type: ecs, nodeSelector: {alibabacloud.com/nodepool-id: np7b30xxx}}
""")

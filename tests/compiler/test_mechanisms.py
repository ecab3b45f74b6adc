"""Every mechanism on every platform with every type of pool: it works, or is refused for the right reason.

The table of what works is written here by hand from the vendors' pages, and not taken from the compiler's own.
"""

from collections.abc import Callable, Mapping
from itertools import product

import pytest

from compiler.model import Mechanism, Platform, PoolType
from compiler.pipeline import Result

Compile = Callable[[Mapping[str, str | bytes]], Result]

VERSIONS = {
    "ack-registered": 'kubernetesVersion: "1.30"',
    "ack-pro": 'kubernetesVersion: "1.30"\n  scheduler: {version: "6.9.5"}',
    "vke": 'kubernetesVersion: "1.30"',
    "kubernetes": 'kubernetesVersion: "1.30"',
}

# The single pools that a mechanism takes, without a max. A ResourcePolicy needs a max with a single pool, and gets one below.
WORKS = {
    "aiNode": {"ack-pro": {"ai-node"}},
    "eciLabel": {"ack-registered": {"eci"}, "ack-pro": {"eci"}},
    "vciEnforce": {"vke": {"vci"}},
    "resourcePolicy": {"ack-registered": {"idc", "ecs", "eci"}, "ack-pro": {"ecs", "eci", "acs"}, "vke": {"ecs", "vci"}},
    "affinity": {
        "ack-registered": {"idc", "ecs"},
        "ack-pro": {"ecs", "eci"},
        "vke": {"ecs"},
        "kubernetes": {"idc", "ecs", "vnode"},
    },
    "burstAnnotation": {"ack-registered": {"eci"}, "ack-pro": {"eci"}},
}

# What `auto` takes for a single pool without a max.
AUTOMATIC = {
    ("ack-registered", "idc"): "affinity",
    ("ack-registered", "ecs"): "affinity",
    ("ack-registered", "eci"): "eciLabel",
    ("ack-pro", "ecs"): "affinity",
    ("ack-pro", "eci"): "eciLabel",
    ("ack-pro", "ai-node"): "aiNode",
    ("vke", "ecs"): "affinity",
    ("vke", "vci"): "vciEnforce",
    ("kubernetes", "idc"): "affinity",
    ("kubernetes", "ecs"): "affinity",
    ("kubernetes", "vnode"): "affinity",
}


def _files(platform: str, mechanism: str, *pools: tuple[str, str], strategy: str = "prefer") -> dict[str, str]:
    declared = "\n".join(f"  - {{name: {kind}, type: {kind}, nodeSelector: {{pool: {kind}}}}}" for kind, _ in pools)
    uses = "\n".join(f"  - {{name: {kind}{extra}}}" for kind, extra in pools)
    return {
        "overbank.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n",
        "clusters/c.yaml": f"""\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {{name: c}}
spec:
  platform: {platform}
  {VERSIONS[platform]}
  pools:
{declared}
""",
        "burst/p.yaml": f"""\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {{name: p}}
spec:
  match:
    clusters: {{all: true}}
    namespaces: {{names: [shop]}}
    pods: {{matchLabels: {{app: p}}}}
  mechanism: {mechanism}
  strategy: {strategy}
  pools:
{uses}
""",
    }


def _outcome(result: Result) -> tuple[str | None, str]:
    """Return the mechanism that the bundle names, or None, and the reason for the refusal."""
    refusals = [note for each in result.diagnostics if each.code.id == "OB3101" for note in each.notes]
    if refusals:
        return None, "; ".join(refusals)
    assert not result.failed, [each.message for each in result.diagnostics]
    placement = result.clusters[0].bundle.policies[0].placement
    assert placement is not None
    return placement.mechanism, ""


CELLS = list(product((each for each in Mechanism if each not in ("auto", "none")), Platform, PoolType))


@pytest.mark.parametrize(("mechanism", "platform", "kind"), CELLS, ids=str)
def test_cell(compiled: Compile, mechanism: str, platform: str, kind: str) -> None:
    """A mechanism takes a pool of a type on a platform exactly where a vendor documents it, and says why not elsewhere."""
    forced = mechanism in ("aiNode", "eciLabel", "vciEnforce")
    extra = ", max: 3" if mechanism == "resourcePolicy" else ""
    files = _files(platform, mechanism, (kind, extra), strategy="require" if forced or mechanism == "burstAnnotation" else "prefer")
    chosen, reason = _outcome(compiled(files))
    platforms = WORKS[mechanism]
    if kind in platforms.get(platform, ()):
        assert chosen == mechanism
    elif platform not in platforms:
        assert reason.startswith(f"`{mechanism}` does not exist on {platform}, only on ")
    elif forced:
        assert reason == f"`{mechanism}` is for a single pool of type {', '.join(sorted(platforms[platform]))}"
    elif mechanism == "burstAnnotation" and kind in ("idc", "ecs") and (platform, kind) != ("ack-pro", "idc"):
        assert "without an order among nodes" in reason
    else:
        assert reason.startswith(f"pool `{kind}` is of type {kind}: ")


@pytest.mark.parametrize(("platform", "kind"), list(product(Platform, PoolType)), ids=str)
def test_automatic_choice_for_a_single_pool(compiled: Compile, platform: str, kind: str) -> None:
    """Without a mechanism the one that fits is taken, and what fits none is refused with a reason."""
    wanted = AUTOMATIC.get((platform, kind))
    strategy = "prefer" if wanted == "affinity" else "require"
    chosen, reason = _outcome(compiled(_files(platform, "auto", (kind, ""), strategy=strategy)))
    assert chosen == wanted
    assert bool(reason) is (wanted is None)


@pytest.mark.parametrize(
    ("platform", "mechanism", "pools", "wanted"),
    [
        ("ack-registered", "auto", [("idc", ", max: 3"), ("ecs", ""), ("eci", "")], "resourcePolicy"),
        ("ack-pro", "auto", [("ecs", ""), ("eci", ", max: 2"), ("acs", "")], "resourcePolicy"),
        ("vke", "auto", [("ecs", ""), ("vci", "")], "resourcePolicy"),
        ("kubernetes", "auto", [("idc", ""), ("ecs", ""), ("vnode", "")], "affinity"),
        ("ack-pro", "affinity", [("ecs", ""), ("eci", "")], "affinity"),
        ("ack-registered", "affinity", [("idc", ""), ("ecs", "")], "affinity"),
        ("ack-registered", "burstAnnotation", [("idc", ""), ("eci", "")], "burstAnnotation"),
        ("ack-pro", "burstAnnotation", [("ecs", ""), ("eci", "")], "burstAnnotation"),
    ],
)
def test_several_pools(compiled: Compile, platform: str, mechanism: str, pools: list[tuple[str, str]], wanted: str) -> None:
    """Orders of pools that a vendor's feature, or plain Kubernetes, can express."""
    assert _outcome(compiled(_files(platform, mechanism, *pools))) == (wanted, "")


@pytest.mark.parametrize(
    ("platform", "mechanism", "pools", "reason"),
    [
        ("ack-pro", "auto", [("ecs", ""), ("ai-node", "")], "no feature of the vendor puts AI nodes into an order"),
        ("ack-pro", "auto", [("acs", "")], "ACS is a unit of a ResourcePolicy"),
        ("ack-pro", "auto", [("idc", ""), ("eci", "")], "and no idc"),
        ("vke", "auto", [("ecs", ""), ("eci", "")], "subsets of a ResourcePolicy on VKE are ecs and vci"),
        ("kubernetes", "auto", [("idc", ", max: 3"), ("ecs", "")], "`affinity` knows no `max`"),
        ("kubernetes", "auto", [("idc", ""), ("eci", "")], "ECI through VNodes"),
        ("ack-registered", "affinity", [("idc", ""), ("eci", "")], "documented for ACK managed clusters only"),
        ("ack-registered", "eciLabel", [("eci", ", max: 3")], "`eciLabel` knows no `max`"),
        ("ack-registered", "burstAnnotation", [("idc", ""), ("ecs", ""), ("eci", "")], "without an order among nodes"),
        ("ack-registered", "burstAnnotation", [("eci", ""), ("idc", "")], "without an order among nodes"),
        ("ack-registered", "burstAnnotation", [("idc", ", max: 2"), ("eci", "")], "`burstAnnotation` knows no `max`"),
        ("vke", "resourcePolicy", [("ecs", "")], "`resourcePolicy` is for several pools, or a `max`"),
    ],
)
def test_refusals(compiled: Compile, platform: str, mechanism: str, pools: list[tuple[str, str]], reason: str) -> None:
    """What no feature can express is refused by the rule that keeps it from being expressed."""
    chosen, said = _outcome(compiled(_files(platform, mechanism, *pools)))
    assert chosen is None
    assert reason in said


def test_nodes_that_nothing_tells_apart(compiled: Compile) -> None:
    """On plain Kubernetes a pool of nodes needs a node selector, since no label is known that would do."""
    files = _files("kubernetes", "auto", ("idc", ""))
    files["clusters/c.yaml"] = files["clusters/c.yaml"].replace(", nodeSelector: {pool: idc}", "")
    chosen, reason = _outcome(compiled(files))
    assert chosen is None
    assert reason == "pool `idc` has no `nodeSelector`, and nothing else tells its nodes apart on kubernetes"

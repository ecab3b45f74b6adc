"""The normal form of a policy in one cluster, part of what the compiler writes and the engine reads."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from webhook.engine.fields import Fields, NodeTerm, Scheduling, Taint, require_content
from webhook.engine.selector import Selector


class Accelerator(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What chooses GPUs, for the pods that ask for ``resource`` and only for them.

    A pod without the resource must not get the annotations: the vendor would start the GPU instance all the same, and bill it.
    ``required`` are node affinity terms of which one must hold: nodes with the right model, or virtual nodes.
    """

    resource: str
    annotations: dict[str, str] = field(default_factory=dict)
    required: tuple[NodeTerm, ...] = ()

    def __post_init__(self) -> None:
        require_content(self.required)


class Runtime(StrEnum):
    """What runs the pods of a virtual pool, with its own table of things that it cannot do (``webhook.engine.runtimes``)."""

    ECI = "eci"
    VCI = "vci"
    AI_NODE = "ai-node"


class Verdict(StrEnum):
    """What becomes of a pod that does not fit."""

    ALLOW = "allow"
    WARN = "warn"
    STRIP = "strip"
    DENY = "deny"


class Foreign(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Fields by which a pod's author would send it past the policy, and what to do about them.

    ``labels`` and ``annotations`` map keys to the values that count, none of them standing for any value; ``taints`` are those of
    virtual nodes, which the pod must not tolerate by itself.
    """

    verdict: Verdict
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    annotations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


class Placement(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """How the policy that owns a pod's placement brings it onto its pools.

    Attributes:
        marker: a ResourcePolicy selects the pod by the marker label; otherwise it selects the author's own labels, or there is none.
        runtimes: those of the pools; a pod that one of them cannot run is denied, or with ``incompatible: warn`` warned about.
        mirrored_resources: extended resources that a container must name in limits and requests alike (AI nodes).
    """

    mechanism: str
    marker: bool = False
    fields: Fields = field(default_factory=Fields)
    accelerator: Accelerator | None = None
    runtimes: tuple[Runtime, ...] = ()
    incompatible: Verdict = Verdict.DENY
    foreign: Foreign | None = None
    mirrored_resources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.incompatible not in (Verdict.WARN, Verdict.DENY):
            raise ValueError(f"a pod that does not fit is denied or warned about, and not {self.incompatible}")


class Owner(Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """A kind of controlling owner. ``Deployment`` means a ReplicaSet whose pod carries ``pod-template-hash``."""

    kind: str
    group: str = ""


class NamespaceMatch(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which namespaces: exactly one of exact ``names``, a label ``selector``, or ``all``."""

    names: tuple[str, ...] = ()
    selector: Selector | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if bool(self.names) + (self.selector is not None) + self.all != 1:
            raise ValueError("exactly one of names, selector and all")

    def matches(self, name: str, labels: dict[str, str] | None) -> bool:
        """Say whether the namespace is meant. ``labels`` is None where they are unknown: then no selector matches."""
        if self.selector is not None:
            return labels is not None and self.selector.matches(labels)
        return self.all or name in self.names


ALL_WORKLOADS: Final = 10_000
"""A rollout of 100 %, in hundredths of a per cent."""


class Policy(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The normal form of one policy in one cluster. A policy without ``placement`` only injects.

    Attributes:
        requests: the pod asks for one of these resources, if there are any here. owners: likewise, one of these controls it.
        audit: the policy counts as not matching, and what it would change is reported.
        rollout: the part of the workloads for which the policy holds, in hundredths of a per cent.
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\Z", max_length=63)]
    priority: int
    namespaces: NamespaceMatch
    pods: Selector
    requests: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()
    placement: Placement | None = None
    scheduling: Scheduling | None = None
    inject: Fields = field(default_factory=Fields)
    override: bool = False
    audit: bool = False
    rollout: Annotated[int, Meta(ge=0, le=ALL_WORKLOADS)] = ALL_WORKLOADS

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON of this policy, in hexadecimal."""
        from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, and who checks policies needs the types only

        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

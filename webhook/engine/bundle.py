"""The versioned policy bundle: what the compiler writes and the engine reads.

A bundle belongs to one cluster. Its bytes are indented JSON; its digest is taken over the canonical form, that is the same
value with sorted keys, no white space and an empty ``digest``, so that indentation never matters and every value does.
"""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from webhook.engine.fields import Fields, NodeTerm, Scheduling, Taint, require_content
from webhook.engine.selector import Selector

VERSION: Final = "overbank.dev/bundle/v1"
"""Reader and writer must agree on this exactly; a change of meaning of any field gets a new one."""


class BundleError(Exception):
    """The bytes are no bundle that this engine can trust. The text says why and what to do."""


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
        return _sha256(self)


class Cluster(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The cluster that a bundle is for."""

    name: str
    platform: str


class Bundle(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Everything a webhook needs to know about one cluster.

    ``namespaces`` maps the declared namespaces to their labels, ``claims`` likewise to the CSI drivers of their declared volume claims
    by name. ``policies`` is sorted by priority (descending), then name.
    """

    version: str
    cluster: Cluster
    excluded_namespaces: tuple[str, ...]
    namespaces: dict[str, dict[str, str]]
    policies: tuple[Policy, ...]
    digest: str = ""
    claims: dict[str, dict[str, str]] = field(default_factory=dict)


class _Header(Struct):
    version: str


def seal(bundle: Bundle) -> Bundle:
    """Return the bundle with the digest of its own content."""
    unsealed = msgspec.structs.replace(bundle, digest="")
    return msgspec.structs.replace(bundle, digest=f"sha256:{_sha256(unsealed)}")


def _sha256(value: Policy | Bundle) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, and who checks policies needs the types only

    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def encode(bundle: Bundle) -> bytes:
    """Return the bytes of ``bundle.json``: sorted keys, two spaces of indentation, a final newline."""
    return msgspec.json.format(msgspec.json.encode(seal(bundle), order="sorted"), indent=2) + b"\n"


def decode(raw: bytes) -> Bundle:
    """Read and verify a bundle.

    Raises:
        BundleError: not JSON, another version, an unknown field, a wrong type, policies out of order, or a digest that does
            not belong to the content.
    """
    try:
        header = msgspec.json.decode(raw, type=_Header)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BundleError(f"not a bundle: {error}; build it with `overbank build`") from error
    if header.version != VERSION:
        raise BundleError(
            f"bundle version {header.version!r} cannot be read by this webhook, which reads {VERSION!r}; "
            "run the same release of overbank and overbank-webhook"
        )
    try:
        bundle = msgspec.json.decode(raw, type=Bundle)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BundleError(f"malformed bundle: {error}") from error
    if seal(bundle).digest != bundle.digest:
        raise BundleError("the bundle was changed after it was built: its digest does not belong to its content; build it again")
    ranks = [(-policy.priority, policy.name) for policy in bundle.policies]
    unique = len({policy.name for policy in bundle.policies}) == len(bundle.policies)
    if not unique or any(first >= second for first, second in pairwise(ranks)):
        raise BundleError("malformed bundle: policies must be unique and sorted by priority, then name")
    return bundle

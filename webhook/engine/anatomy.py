"""The parts of a pod that the tables of virtual pools look at, decoded only where a table asks for them.

``SpecParts`` and ``ContainerParts`` are bases for the typed view of a pod: most of their fields are slices of the request that nobody
has looked into. ``Subject`` looks into them, once each, and leaves out what the API server filled in by itself.

Whatever decodes a part raises ``msgspec.MsgspecError`` where it is not of the type of core/v1, and ``UnicodeDecodeError`` where its text
is no UTF-8.
"""

from collections.abc import Mapping, Sequence
from re import Pattern
from typing import Any, Final

from msgspec import Raw, Struct, field

from webhook.engine.parts import decoder
from webhook.engine.terms import Affinity

TOKEN_VOLUME: Final = "kube-api-access-"  # noqa: S105 - the first part of a volume's name
"""How the names of the volumes begin that the ServiceAccount admission plugin mounts everywhere, before webhooks run."""

_NOTHING: Final[Mapping[str, str]] = {}
_ABSENT: Final = Raw()


class ContainerParts(Struct, rename="camel", gc=False):
    """A part of core/v1 Container; ``env``, ``ports`` and ``security_context`` are not decoded."""

    name: str = ""
    env: Raw = _ABSENT
    ports: Raw = _ABSENT
    security_context: Raw = _ABSENT


class SpecParts(Struct, rename="camel", gc=False):
    """A part of core/v1 PodSpec; what is of type Raw is not decoded, and empty where it is absent."""

    affinity: Raw = _ABSENT
    dns_config: Raw = _ABSENT
    dns_policy: str | None = None
    host_ipc: bool | None = field(default=None, name="hostIPC")
    host_network: bool | None = None
    host_pid: bool | None = field(default=None, name="hostPID")
    node_selector: dict[str, str] | None = None
    security_context: Raw = _ABSENT
    topology_spread_constraints: Raw = _ABSENT
    volumes: Raw = _ABSENT


class Some(Struct, gc=False):
    """An object that is there; nothing in it is read."""


class Claim(Struct, rename="camel", gc=False):
    """A core/v1 PersistentVolumeClaimVolumeSource."""

    claim_name: str = ""


class Source(Struct, rename="camel", gc=False):
    """A core/v1 VolumeProjection."""

    service_account_token: Some | None = None


class Projected(Struct, gc=False):
    """A core/v1 ProjectedVolumeSource."""

    sources: list[Source] | None = None


class Volume(Struct, rename="camel", gc=False):
    """A core/v1 Volume."""

    name: str = ""
    empty_dir: Some | None = None
    ephemeral: Some | None = None
    host_path: Some | None = None
    persistent_volume_claim: Claim | None = None
    projected: Projected | None = None


class Port(Struct, rename="camel", gc=False):
    """A core/v1 ContainerPort."""

    container_port: int = 0
    host_port: int = 0


class Variable(Struct, gc=False):
    """A core/v1 EnvVar."""

    name: str = ""
    value: str | None = None


class _DnsConfig(Struct, gc=False):
    nameservers: list[str] | None = None


_decode_volumes = decoder(list[Volume] | None, "spec.volumes")
_decode_ports = decoder(list[Port] | None, "spec.containers[...].ports")
_decode_env = decoder(list[Variable] | None, "spec.containers[...].env")
_decode_affinity = decoder(Affinity | None, "spec.affinity")
_decode_settings = decoder(dict[str, Any] | None, "...securityContext")
_decode_dns = decoder(_DnsConfig | None, "spec.dnsConfig")
_decode_items = decoder(list[Raw] | None, "spec.topologySpreadConstraints")


class Subject:
    """A pod as its author meant it, before policies change it.

    Methods that take a word decode only what mentions it, because most pods do not. The API server writes every object anew, from its
    own types, and without escapes in keys (encoding/json escapes ``<``, ``>`` and ``&`` only), so that a key is found as it is spelled
    whatever a client sent. What somebody else sends with escaped keys is not found, and creates no pod.

    Args:
        spec: the pod's own spec.
        containers: and ``init_containers``: those of the spec.
        labels: and ``annotations``: those of the pod, None where it has none.
        controller: the kind of the controlling owner, empty where there is none.
        claims: CSI drivers of the declared volume claims of the namespace, by the claim's name.
    """

    __slots__ = ("_affinity", "_groups", "_volumes", "annotations", "claims", "containers", "controller", "labels", "spec")

    def __init__(
        self,
        spec: SpecParts,
        containers: Sequence[ContainerParts] | None,
        init_containers: Sequence[ContainerParts] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        controller: str = "",
        claims: Mapping[str, str] = _NOTHING,
    ) -> None:
        self.spec = spec
        self.containers = containers or ()
        self.labels = labels or _NOTHING
        self.annotations = annotations or _NOTHING
        self.controller = controller
        self.claims = claims
        self._groups = (("spec.containers", self.containers), ("spec.initContainers", init_containers or ()))
        self._affinity: Affinity | None = None
        self._volumes: list[Volume] | None = None

    def volumes(self, word: Pattern[bytes]) -> Sequence[Volume]:
        """Return all volumes, but for the token that is mounted into every pod; none if the word is not mentioned."""
        if self._volumes is None:
            raw = self.spec.volumes
            if not raw or not word.search(raw):
                return ()
            self._volumes = [
                each for each in _decode_volumes(raw) or () if each.projected is None or not each.name.startswith(TOKEN_VOLUME)
            ]
        return self._volumes

    def ports(self, word: Pattern[bytes]) -> Sequence[tuple[str, Port]]:
        """Return the ports of containers that mention the word, each after its container: ``spec.containers[main]``.

        Init containers count; here and below.
        """
        found: list[tuple[str, Port]] = []
        for place, containers in self._groups:
            for index, each in enumerate(containers):
                if each.ports and word.search(each.ports):
                    path = _path(place, index, each)
                    found += [(path, port) for port in _decode_ports(each.ports) or ()]
        return found

    def environment(self, word: Pattern[bytes]) -> Sequence[tuple[str, Variable]]:
        """Return likewise the variables of containers."""
        found: list[tuple[str, Variable]] = []
        for place, containers in self._groups:
            for index, each in enumerate(containers):
                if each.env and word.search(each.env):
                    path = _path(place, index, each)
                    found += [(path, variable) for variable in _decode_env(each.env) or ()]
        return found

    def security_contexts(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return what the author set of security contexts, each after its container; an empty one counts as none."""
        found = []
        for place, containers in self._groups:
            for index, each in enumerate(containers):
                if each.security_context and (settings := _settings(each.security_context)):
                    found.append((_path(place, index, each), settings))
        return found

    @property
    def security_context(self) -> Mapping[str, Any]:
        """What the author set of the pod's security context; the API server writes an empty one into every pod."""
        return _settings(self.spec.security_context)

    @property
    def affinity(self) -> Affinity:
        """The affinity, empty where there is none."""
        if self._affinity is None:
            self._affinity = (_decode_affinity(self.spec.affinity) if self.spec.affinity else None) or Affinity()
        return self._affinity

    @property
    def has_nameservers(self) -> bool:
        """Whether the pod brings its own DNS servers."""
        config = _decode_dns(self.spec.dns_config) if self.spec.dns_config else None
        return config is not None and bool(config.nameservers)

    @property
    def has_spread_constraints(self) -> bool:
        """Whether there are topology spread constraints; defaults of the cluster never stand in a pod."""
        raw = self.spec.topology_spread_constraints
        return bool(raw and _decode_items(raw))


def _path(place: str, index: int, container: ContainerParts) -> str:
    return f"{place}[{container.name or index}]"


def _settings(raw: Raw) -> Mapping[str, Any]:
    """Return the members that say something: the API server of some versions adds ``procMount: Default``."""
    members = _decode_settings(raw) if raw else None
    if not members:
        return _NOTHING
    return {
        key: value for key, value in members.items() if value not in (None, {}, []) and (key, value) != ("procMount", "Default")
    }

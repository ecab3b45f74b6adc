"""The command line and the environment, read once into frozen settings.

A flag wins over its environment variable, and that over the default; an empty variable counts as unset. The flags that choose
the certificate count as one: where any of them is given, their variables are not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from webhook.flags import FLAGS, NAMESPACE, PROGRAM, SettingsError, destination, parser_of

__all__ = ["PROGRAM", "Settings", "SettingsError", "own_namespace", "parse"]

_CERTIFICATE_FLAGS: Final = frozenset({"self-signed", "cert", "key", "tls-secret"})
_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``overbank-webhook serve`` was asked to do.

    Attributes:
        bundle: the file written by ``overbank build``, or a folder with it; None where ``bundle_config_map`` is given.
        certificate: PEM chain to serve, None to make one.
        key: PEM key of the certificate; given exactly where ``certificate`` is.
        host: address or name to listen on for admission.
        port: 0 takes a free one.
        management_host: address or name to listen on for health and metrics, without TLS.
        management_port: 0 takes a free one.
        ca_out: file to write the authority of a self-signed certificate to.
        namespace: where the Service of the webhook lives; it stands in certificates that are made here.
        body_timeout: seconds within which a request's body must be complete.
        head_timeout: seconds for a TLS handshake, and again for the head of a request.
        max_in_flight: requests beyond so many are refused.
        max_connections: connections beyond so many are closed.
        drain_delay: seconds after SIGTERM in which requests are still taken.
        watch_namespaces: follow the labels of the cluster's namespaces.
        namespace_patience: seconds to be not ready for before their first list has been read.
        log_decisions: which decisions are logged: changes, all or none.
        kubeconfig: how to reach the API server, None for the service account of a pod; used only if a setting needs the cluster.
        tls_secret: the Secret of ``namespace`` in which the replicas share a certificate and its authority, None for none.
        webhook_configurations: whose ``caBundle`` is kept up to date with the authority in ``tls_secret``.
        client_ca: PEM file with the authorities of clients that may connect, None for everybody.
        client_names: a name that one of them must have; none of them: any.
        bundle_config_map: the ConfigMap in ``namespace`` that the bundle, or the index of its parts, is in.
        public_keys: files of public keys, of which one must have signed the bundle; empty where signatures are not looked at.
        cluster: the name that the bundle's cluster must have, None for any.
        cluster_uid: the UID of namespace kube-system, None where it is to be found out.
        emergency: the file, or the folder with the file, that names the policies that are switched off.
        emergency_config_map: the ConfigMap in ``namespace`` that does.
    """

    bundle: Path | None
    certificate: Path | None
    key: Path | None
    host: str
    port: int
    management_host: str
    management_port: int
    ca_out: Path | None
    namespace: str
    body_timeout: float
    head_timeout: float = 10.0
    max_in_flight: int = 1000
    max_connections: int = 2000
    drain_delay: float = 5.0
    kubeconfig: Path | None = None
    watch_namespaces: bool = False
    namespace_patience: float = 30.0
    log_decisions: str = "changes"
    tls_secret: str | None = None
    webhook_configurations: tuple[str, ...] = ()
    client_ca: Path | None = None
    client_names: tuple[str, ...] = ()
    bundle_config_map: str | None = None
    public_keys: tuple[Path, ...] = ()
    cluster: str | None = None
    cluster_uid: str | None = None
    emergency: Path | None = None
    emergency_config_map: str | None = None

    @property
    def asks_cluster(self) -> bool:
        """Whether something is wanted that lives in the cluster."""
        return bool(
            self.bundle_config_map or self.emergency_config_map or self.tls_secret or self.watch_namespaces or self.kubeconfig
        )


def own_namespace() -> str | None:
    """Return the namespace of the pod that this process runs in, None outside of one."""
    try:
        return _NAMESPACE_FILE.read_text("ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def parse(arguments: Sequence[str] | None, environment: Mapping[str, str], version: str) -> Settings:
    """Read the settings. Prints and leaves (``SystemExit``) for ``--help`` and ``--version``.

    Args:
        arguments: without the program's name; None for those of this process.
        environment: where the ``OVERBANK_*`` variables are.
        version: what ``--version`` prints.

    Raises:
        SettingsError: an unknown flag, a value that cannot be, or settings that exclude each other.
    """
    given = vars(parser_of(version).parse_args(arguments))
    if given["command"] is None:
        raise SettingsError("nothing to do; the command is `serve`")
    certificate_given = any(given[destination(name)] is not None for name in _CERTIFICATE_FLAGS)
    values: dict[str, Any] = {}
    for flag in FLAGS:
        variables = {} if certificate_given and flag.name in _CERTIFICATE_FLAGS else environment
        values[flag.name] = flag.value(given[destination(flag.name)], variables)
    certificate, key, self_signed = values["cert"], values["key"], values["self-signed"]
    if values["bundle"] is None and values["bundle-config-map"] is None:
        raise SettingsError("which bundle? give --bundle FILE, or OVERBANK_BUNDLE; in a cluster also --bundle-config-map NAME")
    for first, second in (("bundle", "bundle-config-map"), ("emergency", "emergency-config-map")):
        if values[first] and values[second]:
            raise SettingsError(f"--{first} and --{second} exclude each other; leave out one of the two")
    if self_signed and (certificate or key):
        raise SettingsError("--self-signed makes a certificate of its own; leave out --cert and --key")
    if values["tls-secret"] and (self_signed or certificate or key):
        raise SettingsError("--tls-secret keeps a certificate of its own; leave out --self-signed, --cert and --key")
    if (certificate is None) != (key is None):
        raise SettingsError("--cert and --key belong together; one of them is missing")
    if not self_signed and certificate is None and not values["tls-secret"]:
        raise SettingsError("which certificate? give --self-signed, or --cert FILE and --key FILE, or --tls-secret NAME")
    if values["ca-out"] and not self_signed:
        raise SettingsError("--ca-out writes the authority that --self-signed makes; with --cert the authority is not ours")
    if values["client-name"] and not values["client-ca"]:
        raise SettingsError("--client-name looks at a certificate that only --client-ca asks for")
    return Settings(
        bundle=values["bundle"],
        certificate=certificate,
        key=key,
        host=values["host"],
        port=values["port"],
        management_host=values["management-host"],
        management_port=values["management-port"],
        ca_out=values["ca-out"],
        namespace=values["namespace"] or own_namespace() or NAMESPACE,
        body_timeout=values["body-timeout"],
        head_timeout=values["head-timeout"],
        max_in_flight=values["max-in-flight"],
        max_connections=values["max-connections"],
        drain_delay=values["drain-delay"],
        kubeconfig=values["kubeconfig"],
        watch_namespaces=bool(values["watch-namespaces"]),
        namespace_patience=values["namespace-patience"],
        log_decisions=values["log-decisions"],
        tls_secret=values["tls-secret"],
        webhook_configurations=tuple(dict.fromkeys(values["webhook-configuration"])) if values["tls-secret"] else (),
        client_ca=values["client-ca"],
        client_names=tuple(values["client-name"] or ()),
        bundle_config_map=values["bundle-config-map"],
        public_keys=tuple(values["public-key"] or ()),
        cluster=values["cluster"],
        cluster_uid=values["cluster-uid"],
        emergency=values["emergency"],
        emergency_config_map=values["emergency-config-map"],
    )

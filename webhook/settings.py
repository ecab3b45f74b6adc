"""The command line and the environment, read once into frozen settings.

A flag wins over its environment variable, and that over the default; an empty variable counts as unset. The flags that choose
the certificate count as one: where any of them is given, their variables are not looked at.
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never

PROGRAM: Final = "overbank-webhook"

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_DECISIONS: Final = ("changes", "all", "none")
_CERTIFICATE_FLAGS: Final = frozenset({"self-signed", "cert", "key", "tls-secret"})
_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NAMESPACE: Final = "overbank-system"


class SettingsError(Exception):
    """The command line or the environment asks for something impossible. The text is one line for the operator."""


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
    given = vars(_parser(version).parse_args(arguments))
    if given["command"] is None:
        raise SettingsError("nothing to do; the command is `serve`")
    certificate_given = any(given[_destination(name)] is not None for name in _CERTIFICATE_FLAGS)
    values: dict[str, Any] = {}
    for flag in _FLAGS:
        variables = {} if certificate_given and flag.name in _CERTIFICATE_FLAGS else environment
        values[flag.name] = flag.value(given[_destination(flag.name)], variables)
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
        namespace=values["namespace"] or own_namespace() or _NAMESPACE,
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


def _host(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("not an address or an ASCII name")
    return text


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:  # noqa: PLR2004 (TCP)
        raise ValueError("not a port: 1 to 65535, or 0 for a free one")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", text) or float(text) == 0:
        raise ValueError("not a number of seconds above 0, such as 10 or 2.5")
    return float(text)


def _pause(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", text):
        raise ValueError("not a number of seconds, such as 0 or 2.5")
    return float(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) == 0:
        raise ValueError("not a number from 1 to 999999")
    return int(text)


def _decisions(text: str) -> str:
    if text not in _DECISIONS:
        raise ValueError(f"not one of {', '.join(_DECISIONS)}")
    return text


def _namespace(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", text):
        raise ValueError("not the name of a namespace (RFC 1123 label)")
    return text


def _object_name(text: str) -> str:
    if len(text) > 253 or not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", text):  # noqa: PLR2004 (RFC 1123)
        raise ValueError("not the name of an object (RFC 1123 subdomain)")
    return text


def _client_name(text: str) -> str:
    if not text.strip():
        raise ValueError("not a name")
    return text


def _uid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise ValueError("not a UID, as `kubectl get namespace kube-system -o jsonpath={.metadata.uid}` prints it")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError("neither true nor false")
    return text.lower() in _TRUE


@dataclass(frozen=True, slots=True)
class _Flag:
    """One setting: how it is spelled, read and explained. A switch has no ``metavar``.

    One with ``many`` may be given several times; its variable holds the values with commas between them.
    """

    name: str
    metavar: str
    read: Callable[[str], Any]
    default: str | None
    help: str
    many: bool = False

    @property
    def variable(self) -> str:
        return f"OVERBANK_{self.name.replace('-', '_').upper()}"

    def value(self, given: str | list[str] | None, environment: Mapping[str, str]) -> Any:
        """Return the value in force, None where there is none.

        Raises:
            SettingsError: its text cannot be read.
        """
        if isinstance(given, list):
            return [self._read(each, f"--{self.name}") for each in given]
        text, source = given, f"--{self.name}"
        if text is None:
            text, source = environment.get(self.variable) or None, self.variable
            # Kubernetes writes OVERBANK_PORT=tcp://10.0.0.1:443 into pods beside a Service called "overbank", and so on
            # (service links, Docker's old format). Those are not meant for us.
            if text and text.startswith(("tcp://", "udp://", "sctp://")):
                text = None
        if text is None:
            text, source = self.default, "default"
        if text is None:
            return None
        if self.many:
            return [self._read(each.strip(), source) for each in text.split(",")]
        return self._read(text, source)

    def _read(self, text: str, source: str) -> Any:
        try:
            return self.read(text)
        except ValueError as error:
            raise SettingsError(f"{source} {text!r}: {error}") from error


_FLAGS: Final = (
    _Flag("bundle", "FILE", Path, None, "the cluster's bundle.json, as `overbank build` writes it, or a folder with it"),
    _Flag("bundle-config-map", "NAME", _object_name, None, "read the bundle from this ConfigMap in --namespace, and its parts"),
    _Flag("public-key", "FILE", Path, None, "refuse bundles that no such key has signed (PEM); may be repeated", many=True),
    _Flag("cluster", "NAME", _namespace, None, "refuse bundles for a cluster of another name"),
    _Flag("cluster-uid", "UID", _uid, None, "refuse bundles for a cluster whose namespace kube-system has another UID"),
    _Flag(
        "emergency", "FILE", Path, None, "policies that are switched off, one a line, or *; or a folder with such a file `disable`"
    ),
    _Flag(
        "emergency-config-map",
        "NAME",
        _object_name,
        None,
        "the same in `disable` of this ConfigMap; overbank-emergency where --bundle-config-map is given",
    ),
    _Flag("self-signed", "", _boolean, None, "serve with a certificate made for this run"),
    _Flag("cert", "FILE", Path, None, "serve with this certificate chain (PEM)"),
    _Flag("key", "FILE", Path, None, "the key of --cert (PEM, unencrypted)"),
    _Flag("ca-out", "FILE", Path, None, "write the authority of --self-signed here (PEM), to be used as caBundle"),
    _Flag("host", "ADDRESS", _host, "127.0.0.1", "listen here for admission (TLS)"),
    _Flag("port", "PORT", _port, "8443", "listen here for admission; 0 takes a free port"),
    _Flag("management-host", "ADDRESS", _host, "127.0.0.1", "listen here for health and metrics (no TLS)"),
    _Flag("management-port", "PORT", _port, "8081", "listen here for health and metrics; 0 takes a free port"),
    _Flag("namespace", "NAME", _namespace, None, f"where the webhook's Service lives; in a pod its namespace, else {_NAMESPACE}"),
    _Flag("body-timeout", "SECONDS", _seconds, "10", "how long a request's body may take to arrive"),
    _Flag("head-timeout", "SECONDS", _seconds, "10", "how long a TLS handshake may take, and then the head of a request"),
    _Flag("max-in-flight", "COUNT", _count, "1000", "answer 503 at once to requests beyond so many at a time"),
    _Flag("max-connections", "COUNT", _count, "2000", "close connections beyond so many at once"),
    _Flag("drain-delay", "SECONDS", _pause, "5", "go on taking requests for so long after SIGTERM, not ready"),
    _Flag("kubeconfig", "FILE", Path, None, "reach the API server as this file says; without, as a pod does; used only if needed"),
    _Flag(
        "watch-namespaces", "", _boolean, None, "follow the labels of the cluster's namespaces; they win over those in the bundle"
    ),
    _Flag("namespace-patience", "SECONDS", _pause, "30", "be not ready for so long at most while namespaces are not known"),
    _Flag("log-decisions", "WHICH", _decisions, "changes", "log patched, denied and failed pods (changes), all, or none"),
    _Flag("tls-secret", "NAME", _object_name, None, "share a certificate and its authority in this Secret, and renew both"),
    _Flag(
        "webhook-configuration",
        "NAME",
        _object_name,
        "00-overbank",
        "write the authority of --tls-secret into caBundle of this MutatingWebhookConfiguration; repeatable",
        many=True,
    ),
    _Flag("client-ca", "FILE", Path, None, "let only clients connect whose certificates these authorities (PEM) signed"),
    _Flag(
        "client-name", "NAME", _client_name, None, "let only clients of --client-ca connect with this name; repeatable", many=True
    ),
)


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing the usage and leaving."""

    def error(self, message: str) -> Never:
        raise SettingsError(f"{message}; see {PROGRAM} serve --help")


def _destination(name: str) -> str:
    return name.replace("-", "_")


def _parser(version: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description="The admission server of Overbank.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="answer admission reviews from one bundle",
        description="Answer admission reviews from one bundle. A flag wins over its environment variable.",
        allow_abbrev=False,
    )
    for flag in _FLAGS:
        text = f"{flag.help} [{flag.variable}{f'; default {flag.default}' if flag.default else ''}]"
        if flag.metavar:
            serve.add_argument(f"--{flag.name}", metavar=flag.metavar, help=text, action="append" if flag.many else "store")
        else:
            serve.add_argument(f"--{flag.name}", action="store_const", const="true", help=text)
    return parser

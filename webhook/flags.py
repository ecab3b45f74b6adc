"""The flags of the command line, each with its environment variable: how they are spelled, read and explained."""

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never

PROGRAM: Final = "overbank-webhook"
NAMESPACE: Final = "overbank-system"

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_DECISIONS: Final = ("changes", "all", "none")


class SettingsError(Exception):
    """The command line or the environment asks for something impossible. The text is one line for the operator."""


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
class Flag:
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
        """The environment variable that stands for the flag."""
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


FLAGS: Final = (
    Flag("bundle", "FILE", Path, None, "the cluster's bundle.json, as `overbank build` writes it, or a folder with it"),
    Flag("bundle-config-map", "NAME", _object_name, None, "read the bundle from this ConfigMap in --namespace, and its parts"),
    Flag("public-key", "FILE", Path, None, "refuse bundles that no such key has signed (PEM); may be repeated", many=True),
    Flag("cluster", "NAME", _namespace, None, "refuse bundles for a cluster of another name"),
    Flag("cluster-uid", "UID", _uid, None, "refuse bundles for a cluster whose namespace kube-system has another UID"),
    Flag(
        "emergency", "FILE", Path, None, "policies that are switched off, one a line, or *; or a folder with such a file `disable`"
    ),
    Flag(
        "emergency-config-map",
        "NAME",
        _object_name,
        None,
        "the same in `disable` of this ConfigMap; overbank-emergency where --bundle-config-map is given",
    ),
    Flag("self-signed", "", _boolean, None, "serve with a certificate made for this run"),
    Flag("cert", "FILE", Path, None, "serve with this certificate chain (PEM)"),
    Flag("key", "FILE", Path, None, "the key of --cert (PEM, unencrypted)"),
    Flag("ca-out", "FILE", Path, None, "write the authority of --self-signed here (PEM), to be used as caBundle"),
    Flag("host", "ADDRESS", _host, "127.0.0.1", "listen here for admission (TLS)"),
    Flag("port", "PORT", _port, "8443", "listen here for admission; 0 takes a free port"),
    Flag("management-host", "ADDRESS", _host, "127.0.0.1", "listen here for health and metrics (no TLS)"),
    Flag("management-port", "PORT", _port, "8081", "listen here for health and metrics; 0 takes a free port"),
    Flag("namespace", "NAME", _namespace, None, f"where the webhook's Service lives; in a pod its namespace, else {NAMESPACE}"),
    Flag("body-timeout", "SECONDS", _seconds, "10", "how long a request's body may take to arrive"),
    Flag("head-timeout", "SECONDS", _seconds, "10", "how long a TLS handshake may take, and then the head of a request"),
    Flag("max-in-flight", "COUNT", _count, "1000", "answer 503 at once to requests beyond so many at a time"),
    Flag("max-connections", "COUNT", _count, "2000", "close connections beyond so many at once"),
    Flag("drain-delay", "SECONDS", _pause, "5", "go on taking requests for so long after SIGTERM, not ready"),
    Flag("kubeconfig", "FILE", Path, None, "reach the API server as this file says; without, as a pod does; used only if needed"),
    Flag(
        "watch-namespaces", "", _boolean, None, "follow the labels of the cluster's namespaces; they win over those in the bundle"
    ),
    Flag("namespace-patience", "SECONDS", _pause, "30", "be not ready for so long at most while namespaces are not known"),
    Flag("log-decisions", "WHICH", _decisions, "changes", "log patched, denied and failed pods (changes), all, or none"),
    Flag("tls-secret", "NAME", _object_name, None, "share a certificate and its authority in this Secret, and renew both"),
    Flag(
        "webhook-configuration",
        "NAME",
        _object_name,
        "00-overbank",
        "write the authority of --tls-secret into caBundle of this MutatingWebhookConfiguration; repeatable",
        many=True,
    ),
    Flag("client-ca", "FILE", Path, None, "let only clients connect whose certificates these authorities (PEM) signed"),
    Flag(
        "client-name", "NAME", _client_name, None, "let only clients of --client-ca connect with this name; repeatable", many=True
    ),
)


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing the usage and leaving."""

    def error(self, message: str) -> Never:
        raise SettingsError(f"{message}; see {PROGRAM} serve --help")


def destination(name: str) -> str:
    """Return where argparse keeps a flag's value."""
    return name.replace("-", "_")


def parser_of(version: str) -> argparse.ArgumentParser:
    """Return the parser; ``version`` is what ``--version`` prints."""
    parser = _Parser(prog=PROGRAM, description="The admission server of Overbank.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="answer admission reviews from one bundle",
        description="Answer admission reviews from one bundle. A flag wins over its environment variable.",
        allow_abbrev=False,
    )
    for flag in FLAGS:
        text = f"{flag.help} [{flag.variable}{f'; default {flag.default}' if flag.default else ''}]"
        if flag.metavar:
            serve.add_argument(f"--{flag.name}", metavar=flag.metavar, help=text, action="append" if flag.many else "store")
        else:
            serve.add_argument(f"--{flag.name}", action="store_const", const="true", help=text)
    return parser

"""What goes wrong between us and a cluster, in people's words. Credentials and headers are never part of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_STATUS: Final = {
    401: ("does not accept the credentials of the kubeconfig", "log in again, or check which user the context names"),
    403: ("does not let this user list nodes", "grant it a ClusterRole that may get and list nodes"),
    410: ("gave up the listing of its nodes while it was read", "try again"),
    429: ("has too many requests", "try again later"),
}


class LiveError(Exception):
    """A cluster cannot be read; carries a line of help, if there is one."""

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(message)
        self.help = help


def shown(address: str) -> str:
    """Return the address of a server without the user and password that may stand in it."""
    scheme, separator, rest = address.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


@contextmanager
def explained(host: str, timeout: float) -> Iterator[None]:
    """Turn what the client and the network raise into a ``LiveError``."""
    import urllib3  # noqa: PLC0415 - comes with the extra
    from kubernetes.client import ApiException  # noqa: PLC0415 - an extra

    try:
        yield
    except ApiException as error:
        raise _refused(host, error) from error
    except urllib3.exceptions.HTTPError as error:
        reason = getattr(error, "reason", None) or error
        raise _unreachable(host, reason, timeout) from error
    except ValueError as error:  # such as a line break in a token, which is not shown
        raise LiveError(
            f"{host} cannot be asked with what the kubeconfig says: the address or the credentials are malformed"
        ) from error


def _refused(host: str, error: Any) -> LiveError:
    if not error.status:
        return _unreachable(host, error.reason, 0)
    says, advice = _STATUS.get(error.status, (f"answers {error.status} {error.reason or ''}".rstrip(), ""))
    message = _status_message(error.body)
    return LiveError(f"{host} {says}{f': {message}' if message else ''}", help=advice)


def _status_message(body: Any) -> str:
    """Return what a Status says, such as ``nodes is forbidden: User "ci" cannot list resource "nodes"``."""
    try:
        found = json.loads(body)
    except (TypeError, ValueError):
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    return message[:300] if isinstance(message, str) else ""


def _unreachable(host: str, reason: object, timeout: float) -> LiveError:
    from urllib3 import exceptions  # noqa: PLC0415 - comes with the extra

    text = str(reason)
    if isinstance(reason, exceptions.SSLError) or "SSLError" in text or "CERTIFICATE" in text:
        why = "its certificate is not signed by the authority of the kubeconfig, or is for another name"
        return LiveError(f"{host} cannot be trusted: {why}", help="compare certificate-authority-data and server in the kubeconfig")
    if isinstance(reason, exceptions.ProxyError):
        return LiveError(
            f"{host} cannot be reached through the proxy", help="check HTTPS_PROXY and NO_PROXY, or proxy-url in the kubeconfig"
        )
    if isinstance(reason, exceptions.ResponseError):
        return LiveError(f"{host} answers with a redirection", help="check the server's address in the kubeconfig")
    if isinstance(reason, exceptions.NameResolutionError):
        return LiveError(f"{host} cannot be reached: its name is not known", help="check the server's address in the kubeconfig")
    if isinstance(reason, exceptions.NewConnectionError):
        return LiveError(f"{host} cannot be reached", help="check the server's address in the kubeconfig, and the network")
    # The two above are kinds of time-out to urllib3, so they come first.
    if isinstance(reason, exceptions.TimeoutError):
        return LiveError(f"{host} does not answer within {timeout:g} s", help="check the network, or VPN, and --timeout")
    return LiveError(f"{host} cannot be reached: the connection broke")

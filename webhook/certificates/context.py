"""The TLS context of the admission port, which can be replaced as a whole while connections come in.

A new certificate is never loaded into a context that is in use: OpenSSL keeps one certificate for each type of key, so that an old one
of another type would go on being served. Instead every connection takes the context that is in force when it begins, and keeps it.
"""

import secrets
import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from webhook.certificates.clients import Clients, names_of
from webhook.certificates.credentials import Credentials, TlsError

_NOT_YET: Final = "there is no certificate yet"
_ABOUT_CLIENTS: Final = ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED")
"""OpenSSL's reasons to refuse a client for its certificate."""


class LiveContext(ssl.SSLContext):
    """What the listener is given: it hands every connection to the context in force."""

    _current: ssl.SSLContext | None = None

    def use(self, context: ssl.SSLContext) -> None:
        """Serve the connections that come from now on with this context."""
        self._current = context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection.

        Raises:
            ssl.SSLError: nothing is in force yet.
        """
        if self._current is None:
            raise ssl.SSLError(_NOT_YET)
        return self._current.wrap_bio(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class HandshakeHooks:
    """What handshakes report.

    Attributes:
        failed: a handshake that a client or we ended; its argument is OpenSSL's reason, such as ``TLSV1_ALERT_UNKNOWN_CA``.
        refused: a client whose certificate is good and whose names are not those that are asked for; they are the argument.
    """

    failed: Callable[[str], None]
    refused: Callable[[Sequence[str]], None]


def empty_context() -> LiveContext:
    """Return the context for the admission port, with nothing in force yet."""
    return LiveContext(ssl.PROTOCOL_TLS_SERVER)


def server_context(credentials: Credentials, clients: Clients | None = None, hooks: HandshakeHooks | None = None) -> ssl.SSLContext:
    """Return a context that serves a certificate.

    TLS 1.2 or later, and HTTP/1.1, since the API server's webhook client offers nothing else.

    Args:
        credentials: the certificate and its key.
        clients: who may connect; None for everybody.
        hooks: told about connections that do not come about.

    Raises:
        TlsError: OpenSSL refuses the certificate, or there is no temporary folder to hand it over in.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.authorities.decode("ascii"))
        # A session that is resumed is not verified again, and who is trusted may have changed.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    if hooks is not None:
        context.sslobject_class = _watched(hooks, clients)
    _load(context, credentials)
    return context


def _watched(hooks: HandshakeHooks, clients: Clients | None) -> type[ssl.SSLObject]:
    """Return connections that tell how their handshake failed, and fail where the client is not one that is asked for."""

    class Watched(ssl.SSLObject):
        _problem: ssl.SSLError | None = None

        def do_handshake(self) -> None:
            if self._problem is not None:
                raise self._problem
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                hooks.failed(error.reason or type(error).__name__)
                if error.reason not in _ABOUT_CLIENTS:
                    raise
                # Event loops drop the alert together with the connection, and an API server would only tell of an EOF. Waiting has the
                # alert sent; the client's next word, its end, or the time for a handshake ends the connection.
                self._problem = error
                raise ssl.SSLWantReadError from error
            if clients is not None and clients.names:
                names = names_of(self.getpeercert() or {})
                if clients.names.isdisjoint(names):
                    hooks.refused(names)
                    raise ssl.SSLCertVerificationError("the client has another name")

    return Watched


def _load(context: ssl.SSLContext, credentials: Credentials) -> None:
    # Python's ssl reads certificates from files only. The key lies there for a moment, encrypted with a password that lies nowhere.
    password = secrets.token_urlsafe(32)
    key = credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    try:
        with tempfile.TemporaryDirectory(prefix="overbank-webhook-") as folder:  # created with mode 0700
            chain_file, key_file = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain_file.write_bytes(credentials.chain)
            key_file.write_bytes(key)
            context.load_cert_chain(chain_file, key_file, password)
    except ssl.SSLError as error:
        raise TlsError(f"the certificate cannot be served: {error.reason or error}") from error
    except OSError as error:
        raise TlsError(
            f"no temporary folder to load the certificate from: {error.strerror}; TMPDIR names a writable one"
        ) from error

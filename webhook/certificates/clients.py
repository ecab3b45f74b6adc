"""Who may connect to the admission port: clients with a certificate of a given authority and, if asked for, a given name.

The API server shows a certificate to webhooks if the kubeconfig of its ``AdmissionConfiguration`` names one for the webhook's host
(Kubernetes, "Authenticate API servers" in Dynamic Admission Control).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.certificates.credentials import TlsError, certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Who may connect.

    Attributes:
        authorities: PEM; a client's certificate has to be signed by one of them.
        names: one of these has to stand in the certificate, as common name or as alternative name; none of them: any name will do.
    """

    authorities: bytes
    names: frozenset[str] = frozenset()


def parse(pem: bytes, names: Sequence[str], *, name: object) -> Clients:
    """Read the authorities of clients.

    Raises:
        TlsError: there is none, or one of them is no authority, so that nobody could ever connect.
    """
    found = certificates(pem, name)
    for each in found:
        try:
            authority = each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            authority = False
        if not authority:
            raise TlsError(f"{name}: {each.subject.rfc4514_string()} is no certificate authority")
    # Written anew: text between the certificates is allowed in files, and need not be ASCII there.
    clean = b"".join(each.public_bytes(Encoding.PEM) for each in found)
    return Clients(authorities=clean, names=frozenset(names))


def names_of(certificate: Mapping[str, Any]) -> list[str]:
    """Return the common and the alternative names of a certificate as ``SSLObject.getpeercert`` gives it."""
    subject = [value for pairs in certificate.get("subject", ()) for key, value in pairs if key == "commonName"]
    return subject + [str(value) for _, value in certificate.get("subjectAltName", ())]

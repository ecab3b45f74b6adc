"""``caBundle`` of our webhook configurations: does it hold what it has to, and the patch that makes it so. PURE.

The patch is an RFC 6902 one that tests ``resourceVersion``, not a server-side apply: whoever writes must have read the configuration
first and the Secret after it (``keeper``). Then nobody can write an older bundle over a newer one, since for the patch to apply
nothing was written in between. An apply would do the same to the configuration, by any field manager, at the price of partial list
items that it owns.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from webhook.certificates.credentials import TlsError, certificates, out_of_time
from webhook.certificates.secret import ours

COLLECTION: Final = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def carries(configuration: Mapping[str, Any], trusted: Iterable[x509.Certificate]) -> bool:
    """Return whether every webhook of a configuration trusts all of these authorities, and perhaps others."""
    wanted = set(trusted)
    return all(wanted <= set(found) for found in _bundles(configuration))


def exact(configuration: Mapping[str, Any], trusted: Iterable[x509.Certificate]) -> bool:
    """Return whether every webhook of a configuration trusts these authorities and no other."""
    wanted = set(trusted)
    return all(wanted == set(found) for found in _bundles(configuration))


def known(configurations: Iterable[Mapping[str, Any]], now: datetime) -> list[x509.Certificate]:
    """Return the authorities of ours that configurations trust, and that certificates may be served of still."""
    found = (each for configuration in configurations for bundle in _bundles(configuration) for each in bundle)
    return [each for each in dict.fromkeys(found) if ours(each) and out_of_time(each, now) is None]


def patch(configuration: Mapping[str, Any], bundle: bytes) -> list[dict[str, Any]]:
    """Return the operations that give every webhook of a configuration this ``caBundle``, if nobody changes it meanwhile."""
    text = base64.b64encode(bundle).decode()
    version = (configuration.get("metadata") or {}).get("resourceVersion")
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        *(
            {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": text}
            for index in range(len(configuration.get("webhooks") or ()))
        ),
    ]


def _bundles(configuration: Mapping[str, Any]) -> list[Sequence[x509.Certificate]]:
    return [_certificates((webhook.get("clientConfig") or {}).get("caBundle")) for webhook in configuration.get("webhooks") or ()]


def _certificates(text: str | None) -> Sequence[x509.Certificate]:
    try:
        return certificates(base64.b64decode(text or ""), "caBundle")
    except (TlsError, binascii.Error):
        return ()  # whatever it holds, nobody is trusted by it

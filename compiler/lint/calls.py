"""How a webhook is called, and what becomes of the request: side effects, time-outs, failures, versions, trust (G4 to G7)."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from compiler.codes import webhooks as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.lint.objects import Webhook

LONG_SECONDS: Final = 5
"""Gatekeeper's mutation asks for 1, Overbank for 2; half of the 10 seconds within which leaders renew their Leases."""

_DEFAULT_SECONDS: Final = 10
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_PROVEN: Final = ".overbank.dev"


def check(webhook: Webhook) -> Iterator[Diagnostic]:
    """Yield what is wrong with the call."""
    name = webhook.name
    effects = webhook.get("sideEffects")
    if effects not in ("None", "NoneOnDryRun"):
        said = f"has sideEffects {effects}" if effects else "does not say what side effects it has"
        yield diagnose(
            codes.SIDE_EFFECTS,
            webhook.at("sideEffects"),
            f"webhook {name} {said}",
            help=["write `sideEffects: None`, or `NoneOnDryRun` if that is so"],
        )
    seconds = webhook.get("timeoutSeconds")
    if seconds is None or not isinstance(seconds, int) or seconds > LONG_SECONDS:
        shown = f"{_DEFAULT_SECONDS} seconds, the default" if seconds is None else f"{seconds} seconds"
        yield diagnose(
            codes.TIMEOUT,
            webhook.at("timeoutSeconds"),
            f"webhook {name} may take {shown}",
            help=["write `timeoutSeconds: 2`, more than its own deadline"],
        )
    if webhook.get("failurePolicy") != "Ignore":
        yield diagnose(
            codes.FAILS_CLOSED,
            webhook.at("failurePolicy"),
            f"what webhook {name} cannot be asked about is refused",
            help=["write `failurePolicy: Ignore`"],
        )
    if "v1" not in webhook.items("admissionReviewVersions"):
        yield diagnose(
            codes.REVIEW_VERSION,
            webhook.at("admissionReviewVersions"),
            f"webhook {name} does not take reviews of v1",
            help=["write `admissionReviewVersions: [v1]`"],
        )
    bundle = webhook.get("clientConfig", "caBundle")
    if bundle and (fault := _fault(str(bundle))):
        yield diagnose(
            codes.AUTHORITY,
            webhook.at("clientConfig", "caBundle"),
            f"caBundle of webhook {name} {fault}",
            help=["put the authority's certificate there, or leave the field to whoever writes it"],
        )
    # Ours was shown to be idempotent: the tests of the engine are about nothing else.
    if webhook.get("reinvocationPolicy") == "IfNeeded" and not name.endswith(_PROVEN):
        yield diagnose(
            codes.REINVOKED,
            webhook.at("reinvocationPolicy"),
            f"webhook {name} is called again where a later one changes the object",
            help=["write `reinvocationPolicy: Never`, unless it was shown to be idempotent"],
        )


def _fault(bundle: str) -> str | None:
    """Say what is wrong with a ``caBundle``, None where nothing is, or nobody can look into certificates here."""
    try:
        text = base64.b64decode(bundle, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return "is no base64 of PEM"
    found = _CERTIFICATE.findall(text)
    if not found:
        return "has no certificate"
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return None
    for pem in found:
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            return "has a certificate that is no authority's: it has no basic constraints"
        except ValueError:
            return "has a certificate that cannot be read"
        if not constraints.ca:
            return "has a certificate that is no authority's, but somebody's own"
    return None

"""Keyrings in Secrets: what is written is read back, and what cannot be used is told and left alone."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from webhook.certificates import keyring as keyrings
from webhook.certificates import secret
from webhook.certificates.credentials import TlsError
from webhook.certificates.issuing import names, self_signed
from webhook.certificates.keyring import Keyring, Step
from webhook.certificates.rotation import Wish

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = names("overbank-system")
NEW = {"metadata": {"name": "overbank-certificate", "namespace": "overbank-system"}}
FRESH = keyrings.create(NAMES, START)
INTRODUCED = keyrings.apply(Step.INTRODUCE, FRESH, NAMES, START)
PROMOTED = keyrings.apply(Step.PROMOTE, INTRODUCED, NAMES, START)


@pytest.mark.parametrize("made", [FRESH, INTRODUCED, PROMOTED, keyrings.apply(Step.INTRODUCE, PROMOTED, NAMES, START)])
def test_reads_what_it_writes(made: Keyring) -> None:
    """Every state of a rotation comes back as it was."""
    read = secret.read(secret.write(made, NEW))
    assert read is not None
    assert read.trusted == made.trusted
    assert (read.server.chain, read.leaving, read.leaving_until) == (made.server.chain, made.leaving, made.leaving_until)
    assert secret.write(read, NEW) == secret.write(made, NEW)


def test_keeps_what_is_not_ours() -> None:
    """Labels, annotations, other data, type and version of a Secret stay; a wish that has been fulfilled goes."""
    metadata = {"name": "x", "resourceVersion": "7", "labels": {"a": "b"}, "annotations": {"c": "d", secret.ROTATE: "server"}}
    there = {"metadata": metadata | {"managedFields": []}, "type": "Opaque", "data": {"more": "YQ==", "ca-next.key": "YQ=="}}
    written = secret.write(FRESH, there, fulfilled=True)
    assert written["metadata"] == metadata | {"labels": {"a": "b", secret.LABEL: "self-managed"}, "annotations": {"c": "d"}}
    assert (written["type"], written["data"]["more"]) == ("Opaque", "YQ==")
    assert "ca-next.key" not in written["data"]
    assert secret.write(FRESH, there)["metadata"]["annotations"][secret.ROTATE] == "server"


@pytest.mark.parametrize("data", [None, {}, {"tls.crt": "", "tls.key": ""}])
def test_an_empty_secret_may_be_filled(data: dict[str, str] | None) -> None:
    """A Secret that a chart created without content is ours to fill, labelled or not."""
    assert secret.read({**NEW, "data": data}) is None


def pem(key: Any) -> bytes:
    """Write a key."""
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written


OTHER = self_signed("h", "a", START)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data.pop("ca.key"), "ca.key is missing"),
        (lambda data: data.update({"tls.key": b""}), "tls.key is missing"),
        (lambda data: data.update({"tls.key": pem(OTHER.key)}), "tls.key: the key does not belong to the certificate in tls.crt"),
        (lambda data: data.update({"tls.crt": OTHER.chain, "tls.key": pem(OTHER.key)}), "tls.crt: not signed by the authority"),
        (lambda data: data.update({"tls.crt": b"x"}), "tls.crt: holds no PEM certificate"),
        (lambda data: data.update({"ca.key": pem(OTHER.key)}), "ca.key: the key belongs to none of the authorities"),
        (lambda data: data.update({"ca-next.key": pem(OTHER.key)}), "ca-next.key: the key belongs to none"),
        (lambda data: data.update({"ca.crt": data["ca.crt"] + (OTHER.authority or b"")}), "is no authority of ours"),
        (lambda data: data.update({"ca.crt": data["ca.crt"][:-200]}), "ca.crt: holds no PEM certificate"),
    ],
)
def test_tells_what_was_changed(change: Callable[[dict[str, bytes]], Any], reason: str) -> None:
    """A Secret of ours that was edited is refused with the key of what is wrong, and with the way out."""
    written = secret.write(FRESH, NEW)
    data = {key: base64.b64decode(value) for key, value in written["data"].items()}
    change(data)
    written["data"] = {key: base64.b64encode(value).decode() for key, value in data.items()}
    with pytest.raises(TlsError, match=r"^Secret overbank-system/overbank-certificate: ") as caught:
        secret.read(written)
    assert reason in str(caught.value)
    assert "delete the Secret" in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


def test_content_without_our_label_is_foreign() -> None:
    """Whatever an unlabelled Secret holds is somebody else's, and data that is no base64 is told as such."""
    written = secret.write(FRESH, NEW)
    for metadata in (NEW["metadata"], {**NEW["metadata"], "labels": {secret.LABEL: "other"}}):
        with pytest.raises(TlsError, match="belongs to somebody else"):
            secret.read({**written, "metadata": metadata})
    with pytest.raises(TlsError, match="cannot be read"):
        secret.read({**written, "data": {"tls.crt": "%"}})


@pytest.mark.parametrize(
    "text", [None, b"soon", b"2026-12-21", b"\xff", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-12:00"]
)
def test_without_a_date_authorities_leave_late(text: bytes | None) -> None:
    """Where the date is missing or cannot be read, authorities stay until they expire."""
    written = secret.write(PROMOTED, NEW)
    written["data"].pop("leaving-until")
    if text:
        written["data"]["leaving-until"] = base64.b64encode(text).decode()
    read = secret.read(written)
    assert read is not None
    assert read.leaving_until == START + timedelta(days=365)


def test_reads_wishes() -> None:
    """The annotation is a known word, or an error that names them."""

    def annotated(text: str) -> dict[str, Any]:
        return {"metadata": {"annotations": {secret.ROTATE: text}}}

    assert secret.wish(annotated("authority")) is Wish.AUTHORITY
    assert secret.wish(NEW) is None
    with pytest.raises(TlsError, match="'now' is none of server, authority, retire"):
        secret.wish(annotated("now"))

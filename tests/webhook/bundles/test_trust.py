"""What a bundle must be to decide: whole, signed where that is asked for, and for this cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from webhook.bundles import trust as module
from webhook.bundles.keys import KeyFileError, read_keys
from webhook.bundles.store import Identity
from webhook.bundles.trust import Trust
from webhook.engine import bundle as bundles
from webhook.engine import signature as signatures
from webhook.engine.bundle import Bundle, BundleError, Reason

UID, OTHER = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77", "0d8c0a52-60d8-4c5e-8e57-5d7f7d1d1c11"


def reason(trust: Trust, content: Any) -> tuple[Reason, str]:
    """Return why content is refused."""
    with pytest.raises(BundleError) as refused:
        trust.read(content)
    return refused.value.reason, str(refused.value)


def test_without_keys_signatures_are_not_looked_at(bundle: Bundle, content: Any) -> None:
    """Where no key is configured, a bundle with no signature, or a broken one, is read."""
    assert Trust().read(content(bundle)) == (bundle, "")
    assert Trust().read(content(bundle, b"garbage")) == (bundle, "")


def test_the_right_signature_is_accepted(bundle: Bundle, content: Any, signer: Any, stranger: Any) -> None:
    """A bundle that one of the keys has signed is read, and that key is named, whatever the bundle's white space."""
    raw = bundles.encode(bundle)
    signature = signer.sign(raw)
    trust = Trust(keys=stranger.keys | signer.keys)
    assert trust.read(content(raw, signature)) == (bundle, signer.id)
    assert trust.read(content(msgspec.json.format(raw, indent=-1), signature)) == (bundle, signer.id)


def test_the_signed_bytes_are_the_canonical_form(bundle: Bundle, signer: Any) -> None:
    """What is signed is the value with sorted keys, without white space, and with an empty digest."""
    digest, message = signatures.signed(bundles.encode(bundle))
    assert message == b"".join(bundles.canonical(bundle))
    assert message == msgspec.json.encode(msgspec.structs.replace(bundle, digest=""), order="sorted")
    assert digest == bundle.digest
    signature = signatures.read(signer.sign(bundles.encode(bundle))).signatures[0].signature
    signer.key.public_key().verify(signature, message)


def test_an_unsigned_bundle_is_refused(bundle: Bundle, content: Any, signer: Any) -> None:
    """With a key, a signature must be there."""
    assert reason(Trust(keys=signer.keys), content(bundle))[0] is Reason.UNSIGNED


def test_a_bundle_signed_by_others_is_refused(bundle: Bundle, content: Any, signer: Any, stranger: Any) -> None:
    """The signature of a key that is not configured counts for nothing, and both keys are named."""
    found, text = reason(Trust(keys=signer.keys), content(bundle, stranger.sign(bundles.encode(bundle))))
    assert found is Reason.SIGNATURE
    assert signer.id in text
    assert stranger.id in text


def test_a_key_with_a_borrowed_name_is_refused(bundle: Bundle, content: Any, signer: Any, stranger: Any) -> None:
    """A stranger's signature under a configured key's name does not verify."""
    raw = bundles.encode(bundle)
    signed = signatures.read(stranger.sign(raw))
    forged = signatures.Signatures(
        signed.version, signed.digest, (signatures.Signature(signer.id, signed.signatures[0].signature),)
    ).encode()
    assert reason(Trust(keys=signer.keys), content(raw, forged))[0] is Reason.SIGNATURE


def test_another_bundles_signature_is_refused(make_bundle: Callable[..., Bundle], content: Any, signer: Any) -> None:
    """A good signature of an earlier bundle does not let a later one in, nor the other way round."""
    first, second = make_bundle("one"), make_bundle("two")
    trust = Trust(keys=signer.keys)
    found, text = reason(trust, content(second, signer.sign(bundles.encode(first))))
    assert found is Reason.SIGNATURE
    assert first.digest in text


def test_content_is_not_read_before_its_signature(
    bundle: Bundle, content: Any, signer: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrongly signed bundle is refused without one of its policies having been decoded."""

    def never(raw: bytes) -> Bundle:
        raise AssertionError(raw)

    monkeypatch.setattr(module, "decode", never)
    assert reason(Trust(keys=signer.keys), content(bundle, stranger.sign(bundles.encode(bundle))))[0] is Reason.SIGNATURE


@given(data=st.data())
def test_no_change_of_a_signed_bundle_goes_unnoticed(bundle: Bundle, content: Any, signer: Any, data: st.DataObject) -> None:
    """Whatever byte of a bundle or its signature is changed: it is refused, or it is the same bundle."""
    raw = bytearray(bundles.encode(bundle))
    signature = bytearray(signer.sign(bytes(raw)))
    target = data.draw(st.sampled_from([raw, signature]))
    target[data.draw(st.integers(0, len(target) - 1))] = data.draw(st.integers(0, 255))
    try:
        found, key = Trust(keys=signer.keys).read(content(bytes(raw), bytes(signature)))
    except BundleError:
        return
    assert (found, key) == (bundle, signer.id)


@given(raw=st.binary(max_size=300) | st.text().map(str.encode), signature=st.binary(max_size=300))
def test_noise_is_refused(content: Any, signer: Any, raw: bytes, signature: bytes) -> None:
    """Bytes that are no bundle, or no signature, are refused with a reason and nothing else happens."""
    for trust in (Trust(), Trust(keys=signer.keys)):
        with pytest.raises(BundleError):
            trust.read(content(raw, signature))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"digest": "x", "digest": 7}',
        b'{"digest": {}}',
        b"[]",
        b'{"digest": "\xff"}',
        b'{"a": ' + b"[" * 100_000,
        b"{",
        b'{"digest": "a"} x',
    ],
)
def test_what_cannot_be_signed_is_refused(content: Any, signer: Any, raw: bytes) -> None:
    """Bytes of which nobody can say what they claim are refused before any signature is compared."""
    good = signatures.Signatures(signatures.VERSION, "x", ()).encode()
    reason(Trust(keys=signer.keys), content(raw, good))


def test_twice_the_same_member_does_not_smuggle_anything_in(make_bundle: Callable[..., Bundle], content: Any, signer: Any) -> None:
    """Where JSON names a member twice, readers may differ about which one counts: what decides is what was signed, or nothing."""
    good, evil = bundles.encode(make_bundle("one")), bundles.encode(make_bundle("evil"))
    signature = signer.sign(good)
    body = lambda raw: raw.strip()[1:-1]  # noqa: E731 (a word for what is between the braces)
    for first, second in ((good, evil), (evil, good)):
        both = b"{" + body(first) + b"," + body(second) + b"}"
        try:
            found, _ = Trust(keys=signer.keys).read(content(both, signature))
        except BundleError:
            continue
        assert found == make_bundle("one")


def test_too_large_a_bundle_is_refused_unread(bundle: Bundle, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle above the limit is refused whatever it holds."""
    monkeypatch.setattr(module, "MAX_BUNDLE_BYTES", 100)
    assert reason(Trust(), content(bundle))[0] is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("declared", "trust", "found"),
    [
        ("", {}, Identity.UNDECLARED),
        ("", {"uid": UID}, Identity.UNDECLARED),
        (UID, {"uid": UID, "cluster": "ack-poc"}, Identity.CHECKED),
        (UID, {}, Identity.UNCHECKED),
        (UID, {"asking": True}, None),
    ],
)
def test_knows_its_cluster(
    make_bundle: Callable[..., Bundle], declared: str, trust: dict[str, Any], found: Identity | None
) -> None:
    """A bundle for this cluster is told from one that says nothing, and from one that cannot be checked, or not yet."""
    assert Trust(**trust).identify(make_bundle(uid=declared)) is found


@pytest.mark.parametrize(("trust", "text"), [({"uid": OTHER}, OTHER), ({"cluster": "vke"}, "this is vke")])
def test_another_clusters_bundle_is_refused(make_bundle: Callable[..., Bundle], trust: dict[str, Any], text: str) -> None:
    """A bundle for another cluster is refused, with both clusters named."""
    with pytest.raises(BundleError, match=text) as refused:
        Trust(**trust).identify(make_bundle(uid=UID))
    assert refused.value.reason is Reason.CLUSTER


def test_reads_keys_from_files(tmp_path: Path, signer: Any, stranger: Any) -> None:
    """A file may have several public keys."""
    path = tmp_path / "keys.pem"
    path.write_bytes(b"# ours\n" + signer.pem + stranger.pem)
    assert set(read_keys(path)) == {signer.id, stranger.id}


def test_refuses_files_without_good_keys(tmp_path: Path, signer: Any) -> None:
    """A file without a public Ed25519 key is refused with its path; for a private key with a word of its own."""
    private = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    curve = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = tmp_path / "key"
    for raw, text in (
        (b"", "no public key"),
        (private, "private key"),
        (curve, "not an Ed25519 key"),
        (b"-----BEGIN X", "not a public key"),
    ):
        path.write_bytes(raw)
        with pytest.raises(KeyFileError, match=f"^{path}: .*{text}"):
            read_keys(path)
    with pytest.raises(KeyFileError, match="No such file"):
        read_keys(tmp_path / "missing")

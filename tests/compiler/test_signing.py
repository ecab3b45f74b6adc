"""Keys, signatures and the rendered tree: what is signed, how long a signature stays, and what verifies."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from webhook.bundles.content import Content
from webhook.bundles.keys import read_keys
from webhook.bundles.trust import Trust
from webhook.engine import signature as signatures

FOLDER = "rendered/clusters/idc/webhook"


@pytest.fixture
def repo(write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]) -> Path:
    """Return a repository that is built."""
    folder = write(minimal)
    assert cli("build", folder).code == 0
    return folder


@pytest.fixture
def key(tmp_path: Path, cli: Callable[..., Any]) -> Path:
    """Return a private key; its public half is beside it."""
    path = tmp_path / "keys" / "a.key"
    path.parent.mkdir()
    assert cli("keygen", "-o", path).code == 0
    return path


def _edit(repo: Path, before: str, after: str) -> None:
    path = repo / "burst/web.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def test_keys_are_for_their_owner_alone(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """A private key can be read by nobody else, whatever the umask, and no key is ever overwritten."""
    mask = os.umask(0)
    try:
        found = cli("keygen", "-o", tmp_path / "a.key")
    finally:
        os.umask(mask)
    assert found.code == 0
    assert [line.split()[-1] for line in found.out.splitlines()] == [str(tmp_path / "a.key"), str(tmp_path / "a.pub")]
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a.key", "a.pub")] == [0o600, 0o644]
    before = (tmp_path / "a.key").read_bytes()
    again = cli("keygen", "-o", tmp_path / "a.key")
    assert (again.code, "exists already" in again.err) == (2, True)
    (tmp_path / "b.pub").write_text("mine")
    assert cli("keygen", "-o", tmp_path / "b.key").code == 2
    assert not (tmp_path / "b.key").exists()
    assert (tmp_path / "a.key").read_bytes() == before
    for name in ("c.pub", "missing/c.key", ""):
        assert cli("keygen", "-o", tmp_path / name if name else name).code == 2


def test_signs_what_was_built(repo: Path, key: Path, cli: Callable[..., Any]) -> None:
    """The signature stands beside the bundle and in its ConfigMap, belongs to the tree, and is what the webhook asks for."""
    found = cli("sign", repo, "--key", key)
    assert (found.code, found.out) == (
        0,
        "wrote clusters/idc/webhook/bundle.sig\nwrote clusters/idc/webhook/configmap-overbank-bundle.yaml\n",
    )
    raw, signature = (repo / FOLDER / "bundle.json").read_bytes(), (repo / FOLDER / "bundle.sig").read_bytes()
    data = yaml.safe_load((repo / FOLDER / "configmap-overbank-bundle.yaml").read_bytes())["data"]
    assert data == {"bundle.json": raw.decode(), "bundle.sig": signature.decode()}
    assert cli("build", repo, "--check").code == 0
    assert cli("build", repo).out == ""
    content = Content(place="", raw=raw, signature=signature, mark="")
    assert Trust(keys=read_keys(key.with_suffix(".pub"))).read(content)[1] in found.err
    verified = cli("verify", repo, "--public-key", key.with_suffix(".pub"))
    assert (verified.code, "signed with key" in verified.out) == (0, True)


def test_signatures_are_the_same_everywhere(repo: Path, key: Path, cli: Callable[..., Any]) -> None:
    """Signing twice, or somewhere else, gives the same bytes."""
    cli("sign", repo, "--key", key)
    before = (repo / FOLDER / "bundle.sig").read_bytes()
    assert cli("sign", repo, "--key", key).out == ""
    assert (repo / FOLDER / "bundle.sig").read_bytes() == before


def test_a_signature_goes_with_its_bundle(repo: Path, key: Path, cli: Callable[..., Any]) -> None:
    """A build keeps the signature of a bundle that stays, and drops it with a word when the bundle changes."""
    cli("sign", repo, "--key", key)
    _edit(repo, "metadata:", "# only a comment\nmetadata:")
    assert cli("build", repo).out == ""
    (repo / "clusters/idc.yaml").write_text((repo / "clusters/idc.yaml").read_text().replace("spec:", "spec: # again", 1))
    _edit(repo, "priority: ", "priority: 1") if "priority: " in (repo / "burst/web.yaml").read_text() else _edit(
        repo, "spec:", "spec:\n  priority: 7"
    )
    assert cli("build", repo, "--check").code == 1
    found = cli("build", repo)
    assert found.code == 0
    assert "deleted clusters/idc/webhook/bundle.sig" in found.out
    assert "the bundle of cluster idc is not the one that was signed any more" in found.err
    assert list(yaml.safe_load((repo / FOLDER / "configmap-overbank-bundle.yaml").read_bytes())["data"]) == ["bundle.json"]
    verified = cli("verify", repo, "--public-key", key.with_suffix(".pub"))
    assert (verified.code, "NOT signed: there is no bundle.sig" in verified.out) == (1, True)


def test_only_what_was_reviewed_is_signed(repo: Path, key: Path, cli: Callable[..., Any]) -> None:
    """A tree that is not what the policies render is not signed, and nothing is written."""
    _edit(repo, "spec:", "spec:\n  priority: 7")
    found = cli("sign", repo, "--key", key)
    assert (found.code, found.out) == (1, "")
    assert "what is signed has to be what was reviewed" in found.err
    assert not (repo / FOLDER / "bundle.sig").exists()


def test_two_keys_sign_one_bundle(repo: Path, key: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    """While a key is replaced both sign, and whoever has either of the two public keys is satisfied."""
    other = tmp_path / "keys" / "b.key"
    cli("keygen", "-o", other)
    for each in (key, other):
        assert cli("sign", repo, "--key", each).code == 0
    assert len(signatures.read((repo / FOLDER / "bundle.sig").read_bytes()).signatures) == 2
    for each in (key, other):
        assert cli("verify", repo, "--public-key", each.with_suffix(".pub")).code == 0
    assert cli("build", repo, "--check").code == 0


def test_a_lone_bundle(repo: Path, key: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    """A bundle outside of a repository is signed and verified where it is; one that was changed is neither."""
    path = tmp_path / "bundle.json"
    path.write_bytes((repo / FOLDER / "bundle.json").read_bytes())
    assert cli("sign", path, "--key", key).out == f"wrote {tmp_path / 'bundle.sig'}\n"
    assert cli("verify", path, "--public-key", key.with_suffix(".pub")).code == 0
    path.write_bytes(path.read_bytes().replace(b'"web"', b'"wob"'))
    assert "NOT signed: the signature of key" in cli("verify", path, "--public-key", key.with_suffix(".pub")).out
    assert "was changed after it was built" in cli("sign", path, "--key", key).err


def test_openssl_agrees(repo: Path, key: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    """A signature can be verified without Overbank: it is Ed25519 over the canonical JSON."""
    cli("sign", repo, "--key", key)
    _, message = signatures.signed((repo / FOLDER / "bundle.json").read_bytes())
    (tmp_path / "message").write_bytes(message)
    (one,) = signatures.read((repo / FOLDER / "bundle.sig").read_bytes()).signatures
    (tmp_path / "signature").write_bytes(one.signature)
    load_pem_public_key(key.with_suffix(".pub").read_bytes()).verify(one.signature, message)  # type: ignore[union-attr, call-arg, arg-type]
    line = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        key.with_suffix(".pub"),
        "-rawin",
        "-in",
        "message",
        "-sigfile",
        "signature",
    ]
    found = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["sign", "{repo}", "--key", "{repo}/missing"], 2, "cannot read"),
        (["sign", "{repo}", "--key", "{repo}/overbank.yaml"], 2, "not a private key"),
        (["sign", "{repo}", "--key", "{key}.pub"], 2, "not a private key"),
        (["sign", "{repo}", "--key", "{key}.key", "--cluster", "idx"], 2, "there is no cluster `idx`"),
        (["verify", "{repo}", "--public-key", "{key}.key"], 2, "this is a private key"),
        (["verify", "{repo}", "--public-key", "{repo}/overbank.yaml"], 2, "no public key"),
        (["verify", "{repo}/burst", "--public-key", "{key}.pub"], 3, "is no policy repository"),
        (["verify", "{repo}", "-o", "{repo}/burst", "--public-key", "{key}.pub"], 3, "there is no bundle below"),
        (["verify", "{repo}/overbank.yaml", "--public-key", "{key}.pub"], 1, "NOT signed: there is no overbank.sig"),
    ],
)
def test_what_cannot_be_is_told(
    repo: Path, key: Path, cli: Callable[..., Any], *, arguments: list[str], code: int, text: str
) -> None:
    """Keys and places that cannot be used end with the right exit code and one clear word."""
    found = cli(*(each.format(repo=repo, key=key.with_suffix("")) for each in arguments))
    assert found.code == code
    assert text in found.out + found.err


def test_a_key_that_others_may_read_is_warned_about(repo: Path, key: Path, cli: Callable[..., Any]) -> None:
    """A private key with loose permissions works, with a warning."""
    key.chmod(0o644)
    found = cli("sign", repo, "--key", key)
    assert (found.code, "chmod 600" in found.err) == (0, True)


def test_a_signature_in_the_way_is_no_signature(repo: Path, cli: Callable[..., Any]) -> None:
    """A folder, a link or noise where the signature would be changes nothing in what a build renders."""
    place = repo / FOLDER / "bundle.sig"
    place.mkdir()
    assert cli("build", repo, "--check").code == 0
    place.rmdir()
    place.symlink_to("bundle.json")
    assert cli("build", repo, "--check").code == 0
    place.unlink()
    place.write_bytes(b"\xff")
    found = cli("build", repo, "--check")
    assert (found.code, "not the one that was signed" in found.err) == (0, True)

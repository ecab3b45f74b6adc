"""Signatures in the rendered tree: ``webhook/bundle.sig`` beside ``bundle.json``, and the same text in the bundle's ConfigMap.

A build makes no signatures, and keeps those that are still good for what it renders, that is for a bundle with the same digest. So the tree
hangs on the policies and on who has signed, and ``build --check`` needs no key.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import yaml

from compiler.emit import bundle as emitted
from compiler.emit.manifest import render
from compiler.signing.keys import PrivateKey, PublicKey
from webhook.engine.bundle import BundleError
from webhook.engine.signature import FILE, VERSION, Signature, Signatures, read, signed

_BUNDLE: Final = re.compile(r"(?P<folder>clusters/(?P<cluster>[^/]+))/webhook/bundle\.json")


def bundles(files: Iterable[str]) -> dict[str, str]:
    """Return the paths of the bundles among these paths below the output folder, by cluster, sorted."""
    found = (_BUNDLE.fullmatch(path) for path in files)
    return dict(sorted((match["cluster"], match[0]) for match in found if match))


def beside(path: str) -> str:
    """Return the path of the signature of the bundle at this path."""
    return f"{path.rpartition('/')[0]}/{FILE}"


def attach(files: Mapping[str, bytes], found: Mapping[str, Signatures]) -> dict[str, bytes]:
    """Return what becomes of files by signatures: those that are added, and those that are changed.

    Args:
        files: as a build renders them, by path below the output folder.
        found: signatures by the path of the bundle that they are of.
    """
    result: dict[str, bytes] = {}
    for path, signatures in found.items():
        match = _BUNDLE.fullmatch(path)
        if match is None:
            raise ValueError(f"no bundle: {path}")
        at = f"{match['folder']}/{emitted.PATH}"
        text = signatures.encode()
        config_map = yaml.load(files[at], Loader=yaml.CSafeLoader)
        config_map["data"][FILE] = text.decode()
        result |= {beside(path): text, at: render(config_map)}
    return dict(sorted(result.items()))


def still_good(bundle: bytes, raw: bytes) -> Signatures | None:
    """Return the signatures in a file if they are of this bundle; whose they are, and whether they are right, is not looked at."""
    try:
        found = read(raw)
        digest, _ = signed(bundle)
    except BundleError:
        return None
    return found if found.digest == digest and found.signatures else None


def sign(bundle: bytes, key: PrivateKey, others: Signatures | None = None) -> Signatures:
    """Sign a bundle.

    Args:
        bundle: the bytes of ``bundle.json``.
        key: signs.
        others: signatures of other keys, which are kept.

    Raises:
        BundleError: it is no bundle.
    """
    digest, message = signed(bundle)
    kept = [each for each in others.signatures if each.key_id != key.id] if others else []
    return Signatures(VERSION, digest, tuple(sorted([*kept, Signature(key.id, key.sign(message))])))


def verify(bundle: bytes, raw: bytes, keys: Mapping[str, PublicKey]) -> str:
    """Verify a bundle as the webhook does; return the name of the key that signed it.

    Raises:
        BundleError: none of the keys has.
    """
    found = read(raw)
    digest, message = signed(bundle)
    if found.digest != digest:
        raise BundleError("the signature is of another bundle; the bundle was built anew since it was signed")
    known = [each for each in found.signatures if each.key_id in keys]
    for each in known:
        if keys[each.key_id].verify(each.signature, message):
            return each.key_id
    if known:
        raise BundleError(f"the signature of key {known[0].key_id} is not over this bundle: one of the two was changed")
    raise BundleError(f"signed by {', '.join(each.key_id for each in found.signatures) or 'nobody'}, and by no key that was given")

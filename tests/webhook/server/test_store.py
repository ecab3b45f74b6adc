"""The store: only bundles that can be trusted get in, and the last good one stays."""

from pathlib import Path

import msgspec
import pytest

from webhook.bundles import store as module
from webhook.bundles.store import Store
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, BundleError
from webhook.readiness import Readiness


def test_is_empty_until_something_is_loaded() -> None:
    """Before the first load there is no snapshot."""
    assert Store(Readiness()).current is None


def test_loads_a_bundle_with_all_that_follows_from_it(bundle: Bundle, bundle_file: Path) -> None:
    """A snapshot has the bundle, an engine for it, and the namespaces that are known."""
    store = Store(Readiness())
    snapshot = store.load(bundle_file)
    assert store.current is snapshot
    assert snapshot.bundle == bundle
    assert snapshot.engine.bundle is snapshot.bundle
    assert snapshot.namespaces == bundle.namespaces


def test_a_snapshot_cannot_change(bundle_file: Path) -> None:
    """What a request took stays as it is."""
    with pytest.raises(AttributeError):
        Store(Readiness()).load(bundle_file).bundle = None  # type: ignore[misc, assignment]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a bundle"),
        (b"{}", "overbank build"),
        (b'{"version": "overbank.dev/bundle/v9"}', "cannot be read by this webhook"),
        (b'{"version": "\xff"}', "bundle"),
        (b'{"x": ' + b"[" * 100_000, "bundle"),
        (b'{"version": "overbank.dev/bundle/v1"}', "malformed bundle"),
    ],
)
def test_refuses_what_is_no_bundle(tmp_path: Path, bundle_file: Path, content: bytes, reason: str) -> None:
    """A file that is no bundle is refused with its path and the reason, and the last good bundle stays."""
    store = Store(Readiness())
    good = store.load(bundle_file)
    path = tmp_path / "bundle.json"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=f"^{path}: .*{reason}"):
        store.load(path)
    assert store.current is good


def test_refuses_a_bundle_that_was_edited(tmp_path: Path, bundle: Bundle) -> None:
    """A bundle whose digest does not belong to its content is refused."""
    path = tmp_path / "bundle.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(bundle, namespaces={})))
    with pytest.raises(BundleError, match=f"^{path}: the bundle was changed"):
        Store(Readiness()).load(path)


@pytest.mark.parametrize(("name", "reason"), [("missing.json", "No such file"), (".", "Is a directory")])
def test_refuses_what_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    """A missing or unreadable file is refused with its path and what the system says."""
    path = tmp_path / name
    with pytest.raises(BundleError, match=f"^{path}: {reason}"):
        Store(Readiness()).load(path)


def test_reads_no_more_than_the_limit(tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is refused without being read to its end."""
    path = tmp_path / "bundle.json"
    path.write_bytes(bundles.encode(bundle))
    monkeypatch.setattr(module, "MAX_BUNDLE_BYTES", path.stat().st_size - 1)
    with pytest.raises(BundleError, match=f"^{path}: larger than"):
        Store(Readiness()).load(path)

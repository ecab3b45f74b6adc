"""What looks like a secret, and what must not."""

import subprocess
import sys

import pytest

from compiler.confidential import kind_of, within

RANDOM = "q7Rk2vXw9LmZt4Bn"
# Put together here, so that no scanner of this repository stops at them.
FORMS = [
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nabc",
    "LT" + "AI" + "4GExampleExample",
    "AK" + "IA" + "ABCDEFGHIJ234567",
    "AK" + "LT" + "YmFzZTY0LWV4YW1wbGUtMTIz",
    "gh" + "p_" + "a1B2c3D4e" * 4,
    "gl" + "pat-" + "a1B2c3D4e5F6g7H8i9J0",
    "xo" + "xb-" + "123456789012-abcdef",
    "AI" + "za" + "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H",
    "np" + "m_" + "a1B2c3D4e" * 4,
    "py" + "pi-" + "AgEIcHlwaS5vcmc" + "a1B2c3D4e5" * 4,
    "gl" + "agent-" + "a1B2c3D4e5F6g7H8i9J0",
    "github" + "_pat_" + "a1B2c3D4e5" * 5,
    "h" + "f_" + "abcdefghijABCDEFGHIJabcdefghijABCD",
    "ey" + "JhbGciOiJIUzI1NiJ9." + "ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "postgres://app:hunter22@db.example.com/shop",
]


@pytest.mark.parametrize("value", FORMS)
def test_known_forms_are_secrets_under_any_key(value: str) -> None:
    """What an issuer's form shows needs no telling key."""
    assert kind_of("note", value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("example.com/db-password", RANDOM),
        ("API_KEY", RANDOM),
        ("example.com/accessKey", RANDOM),
        ("join-token", "0123456789abcdef0123456789abcdef"),
    ],
)
def test_letters_as_of_chance_are_secrets_under_a_telling_key(key: str, value: str) -> None:
    """A key that speaks of a secret makes one of a value that nobody would think up."""
    assert kind_of(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("example.com/build", RANDOM),
        ("checksum/config", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("secret-name", "registry-credentials"),
        ("example.com/secret-store", "vault-backend-production"),
        ("vault.example.com/secret", "kv/data/shop/web-frontend"),
        ("tokens-per-second", "1000000000000000"),
        ("token-expiry", "2026-11-22T12:00:00Z"),
        ("password", "short"),
        ("password-ref", "${DATABASE_PASSWORD}"),
        ("url", "https://registry.example.com:5000/shop/web"),
        ("url", "https://robot:${PASSWORD}@registry.example.com"),
        ("image", "registry.example.com/shop/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("k8s.aliyun.com/eci-use-specs", "ecs.gn6i-c4g1.xlarge,ecs.gn5i-c2g1.large"),
        ("token", 1234567890123456),
        ("token", None),
    ],
)
def test_names_digests_and_references_are_no_secrets(key: str, value: object) -> None:
    """What people write every day raises no alarm."""
    assert kind_of(key, value) is None


def test_texts_are_found_at_any_depth_in_their_order() -> None:
    """The route leads to the value, and an item of a list goes by the key of its list."""
    patch = {"op": "add", "path": "/spec/template/metadata/annotations/example.com~1api-key", "value": RANDOM}
    assert [at for at, _, _ in within((), [patch, {"name": "PASSWORD", "value": RANDOM}, {"name": "BUILD", "value": RANDOM}])] == [
        (0, "value"),
        (1, "value"),
    ]
    value = {"plain": ["text"], "passwords": ["x", RANDOM], "deep": {"token": RANDOM}}
    assert [at for at, _, _ in within(("spec",), value)] == [("spec", "passwords", 1), ("spec", "deep", "token")]


def test_long_values_are_looked_at_once() -> None:
    """A value that begins a form again and again costs no more than its length: a megabyte of it must not hold up a push."""
    code = (
        "from compiler.confidential import kind_of\n"
        "for value in ('a' * 2**20 + '://', 'gl' * 2**19, 'eyJ-' * 2**18, 'AKLT' * 4, '-----BEGIN A ' * 2**16, 'x://y:' * 2**17):\n"
        "    kind_of('note', value)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

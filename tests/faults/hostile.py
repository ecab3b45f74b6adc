"""Reviews as nobody should send them: real ones with something changed, at the level of values and at that of bytes."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final

from tests.faults.bundles import KEY, pod, review

_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 2**63, -(2**70), 1e400, "", "x", "\x00", "\ud800", "\u202e", "x" * 5000, [], {}, [[]], [None],
    {"": ""}, {"a": None}, [{}], {"name": 1}, "9" * 400, "1Gi", "overbank.dev/inject", ["a", 1, None], {"overbank.dev/inject": "false"},
)  # fmt: skip
_KEYS: Final = (
    "labels",
    "annotations",
    "spec",
    "metadata",
    "containers",
    "tolerations",
    "nodeSelector",
    "affinity",
    KEY,
    "",
    "\x00",
)
_BYTES: Final = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b"\\",
    b"\\ud800",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"1e999999",
    b"-",
    b"null",
)


def _rich() -> dict[str, Any]:
    sent = pod(0, labels={"app": "web"}, annotations={"a/b~c": "d"}, ownerReferences=[
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c", "uid": "1", "controller": True},
    ])  # fmt: skip
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}
    sent["spec"] |= {
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}},
        "schedulerName": "default-scheduler",
        "priority": 0,
        "initContainers": [{"name": "init", "image": "none", "restartPolicy": "Always"}],
    }
    sent["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "1"}, "requests": {"cpu": "100m"}}
    return sent


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Yield so many bodies; the same seed gives the same ones."""
    chance = random.Random(seed)
    real = json.loads(review(_rich()))
    raw = review(_rich())
    for _ in range(count):
        if chance.random() < 0.7:
            changed = copy.deepcopy(real)
            for _ in range(chance.choice((1, 1, 2, 4))):
                changed = _changed(changed, chance)
            yield json.dumps(changed).encode()
        else:
            yield _broken(raw, chance)


def _changed(value: Any, chance: random.Random) -> Any:
    """Change one place of a document, which may be all of it; deep places are as likely as shallow ones."""
    places = list(_places(value))
    if not places:
        return chance.choice(_VALUES)
    holder, key = chance.choice(places)
    act = chance.randrange(5)
    if act == 0:
        del holder[key]
    elif act == 1 and isinstance(holder, dict):
        holder[chance.choice(_KEYS)] = copy.deepcopy(chance.choice(_VALUES))
    elif act == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif act == 3:
        holder[key] = {"x": holder[key]} if chance.random() < 0.5 else [holder[key]]
    else:
        holder[key] = copy.deepcopy(chance.choice(_VALUES))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield value, key
            yield from _places(each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield value, index
            yield from _places(each)


def _broken(raw: bytes, chance: random.Random) -> bytes:
    act = chance.randrange(5)
    start, end = sorted((chance.randrange(len(raw)), chance.randrange(len(raw))))
    if act == 0:
        return raw[:start]
    if act == 1:
        return raw[:start] + chance.choice(_BYTES) + raw[start:]
    if act == 2:
        return raw[:start] + raw[end:]
    if act == 3:
        return raw[:end] + raw[start:]
    return (
        b"[" * chance.choice((10, 1_000, 100_000))
        if chance.random() < 0.1
        else raw[:start] + bytes([raw[start] ^ 0xFF]) + raw[start + 1 :]
    )

"""JSON patch operations that are well formed, and leave alone what is not theirs."""

import re
from collections.abc import Iterator
from typing import Final

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Operation, PlacementPolicy
from compiler.federation.resolve import Federated
from compiler.federation.templates import TEMPLATES
from compiler.source import Where

_IDENTITY: Final = frozenset({"/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"})
_MAPS: Final = frozenset(f"{at}/metadata/{part}" for at in ("", *TEMPLATES.values()) for part in ("annotations", "labels"))

_INTO_VALUE: Final = re.compile(
    rf"(?P<map>(?:{'|'.join(sorted(TEMPLATES.values()))})"
    r"(?:/metadata/(?:annotations|labels)|/spec/nodeSelector|/spec/(?:initContainers|containers)/\d+/resources/(?:limits|requests)))"
    r"/(?P<key>[^/]+/.*)"
)
"""Paths that go on below a value of a map of strings: somebody wrote the `/` of a key as it is."""


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield operations that cannot be as written, and those that replace whole maps."""
    for placement in federated.placements:
        policy = placement.policy
        for override in policy.overrides:
            for index, operation in enumerate(override.json_patch):
                route = ("spec", "overrides", override.index, "jsonPatch", index)
                yield from _value(policy, route, operation)
                yield from _path(policy, policy.at(*route, "path"), operation)


def _value(policy: PlacementPolicy, route: tuple[str | int, ...], operation: Operation) -> Iterator[Diagnostic]:
    written = "value" in policy.document.get(*route)
    if operation.op == "remove" and written:
        yield diagnose(codes.PATCH, policy.at_key(*route, "value"), "`remove` has no value", help=["take `value` out"])
    elif operation.op != "remove" and not written:
        help_lines = ["write `value: null` for JSON's null"]
        yield diagnose(codes.PATCH, policy.at(*route), f"`{operation.op}` needs a value", help=help_lines)


def _path(policy: PlacementPolicy, where: Where, operation: Operation) -> Iterator[Diagnostic]:
    if operation.op == "test":
        return
    if operation.path in _IDENTITY:
        yield diagnose(
            codes.PATCH,
            where,
            f"`{operation.path}` says which object it is and cannot differ between clusters",
            help=["take the operation out"],
        )
    elif found := _INTO_VALUE.fullmatch(operation.path):
        key = found["key"]
        message = f"`{operation.path}` leads into a value of `{found['map']}`, which is a string"
        help_lines = [f"if the key is `{key}`, write `{found['map']}/{key.replace('/', '~1')}`"]
        yield diagnose(codes.PATCH, where, message, help=help_lines)
    elif operation.path == "/spec/replicas" and policy.mode.divides:
        related = [(policy.at("spec", "mode"), "the replicas are divided")]
        help_lines = ["use `min`, `max` and the mode's preferences"]
        message = "`/spec/replicas` belongs to KubeAdmiral, which divides the replicas"
        yield diagnose(codes.PATCH, where, message, related=related, help=help_lines)
    elif operation.path in _MAPS:
        message = f"`{operation.op}` on `{operation.path}` wipes what else is in the map"
        advice = [f"write single keys, with ~1 for /: `{operation.path}/example.com~1key`"]
        yield diagnose(codes.ANNOTATIONS_WIPED, where, message, help=advice)

"""Who may change webhook configurations, as far as roles are given (G9)."""

from collections.abc import Iterator, Sequence
from typing import Final

from compiler.codes import webhooks as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.lint.objects import GROUP, Object, Webhook
from compiler.spelling import listing

_WRITING: Final = frozenset({"create", "update", "patch", "delete", "deletecollection", "*"})
_RESOURCE: Final = "mutatingwebhookconfigurations"


def check(manifests: Sequence[Object], found: Sequence[Webhook]) -> Iterator[Diagnostic]:  # noqa: ARG001 - the signature of checks
    """Yield rules of ClusterRoles that let their holders write any MutatingWebhookConfiguration."""
    for role in manifests:
        if role.kind != "ClusterRole":
            continue
        for index in range(len(role.items("rules"))):
            groups, resources, verbs = (
                {str(each) for each in role.items("rules", index, part)} for part in ("apiGroups", "resources", "verbs")
            )
            writing = sorted(verbs & _WRITING)
            meant = groups & {GROUP, "*"} and resources & {_RESOURCE, "*"}
            if meant and writing and not role.items("rules", index, "resourceNames"):
                where = role.at("rules", index, "verbs")
                yield diagnose(
                    codes.UNGUARDED,
                    where,
                    f"ClusterRole {role.name} may {listing(writing)} every MutatingWebhookConfiguration",
                    help=["write `resourceNames: [NAME]` beside them; `create` cannot be restricted so"],
                )

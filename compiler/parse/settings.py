"""Settings and tests."""

from typing import Any

from compiler.model import Backstop, Ceiling, PolicyTest, PoolType, Repository, Scope, TestCase, WebhookSettings
from compiler.parse.selection import scope
from compiler.source import Document


def repository(document: Document) -> Repository:
    """Read a Repository."""
    spec = document.get("spec") or {}
    webhook = spec.get("webhook", {})
    namespace = webhook.get("namespace", "overbank-system")
    return Repository(
        document=document,
        output=spec.get("output", "rendered"),
        exclude=tuple(spec.get("exclude", ())),
        workloads=tuple(spec.get("workloads", ())),
        webhook=WebhookSettings(
            namespace=namespace,
            failure_policy=webhook.get("failurePolicy", "Ignore"),
            timeout_seconds=int(webhook.get("timeoutSeconds", 2)),
            backstop=Backstop(webhook.get("backstop", "warn")),
            excluded_namespaces=tuple(sorted({*webhook.get("excludeNamespaces", ("kube-system", "kube-node-lease")), namespace})),
        ),
        ceilings=tuple(_ceiling(index, each) for index, each in enumerate(spec.get("ceilings", ()))),
    )


def _ceiling(index: int, written: dict[str, Any]) -> Ceiling:
    anything = Scope(all=True)
    return Ceiling(
        index=index,
        folder=written["folder"].removeprefix("."),
        clusters=scope(written["clusters"]) if "clusters" in written else anything,
        namespaces=scope(written["namespaces"]) if "namespaces" in written else anything,
        pool_types=frozenset(map(PoolType, written.get("poolTypes", PoolType))),
    )


def policy_test(document: Document) -> PolicyTest:
    """Read a PolicyTest."""
    spec = document.get("spec")
    namespace = spec.get("namespace", {})
    return PolicyTest(
        name=document.get("metadata", "name"),
        document=document,
        cluster=spec["cluster"],
        namespace=namespace.get("name", "default"),
        namespace_labels=namespace.get("labels"),
        cases=tuple(
            TestCase(
                index=index,
                name=case["name"],
                file=case["pod"].get("file"),
                inline=case["pod"].get("inline"),
                expect=case["expect"],
            )
            for index, case in enumerate(spec["cases"])
        ),
    )

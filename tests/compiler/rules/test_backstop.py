"""Where missing mutations are reported, and where people are told that they are not."""

import json
from collections.abc import Callable, Mapping

from compiler.pipeline import Result
from tests.compiler.rules.documents import API, cluster_of, policy_named

Compile = Callable[[Mapping[str, str | bytes]], Result]


def test_a_cluster_with_too_many_policies_for_the_backstop_is_told(compiled: Compile) -> None:
    """Beyond the number whose missing mutations are reported, the others are not silently left out if the author asked for reports."""
    policies = [
        policy_named(f"p-{number}", pods={"matchLabels": {"app": f"a-{number}"}}, inject={"labels": {"b": "1"}})
        for number in range(501)
    ]
    for count, webhook, found in (
        (500, {"backstop": "warn"}, 0),
        (501, {"backstop": "warn"}, 1),
        (501, {}, 0),
        (501, {"backstop": "off"}, 0),
    ):
        documents = [{"kind": "Repository", "spec": {"webhook": webhook}}, cluster_of(), *policies[:count]]
        names = ["overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents) - 1))]
        files = {name: json.dumps({"apiVersion": API, **each}) for name, each in zip(names, documents, strict=True)}
        diagnostics = compiled(files).diagnostics
        assert [each.code.id for each in diagnostics] == ["OB3122"] * found
        assert all("501 policies are enforced on c" in each.message for each in diagnostics)


def test_old_clusters_are_told_of_a_backstop_only_if_it_was_asked_for(compiled: Compile) -> None:
    """By default clusters report missing mutations where they can, and nothing is said of the others."""
    documents = [cluster_of(kubernetesVersion="1.28"), policy_named(inject={"labels": {"b": "1"}})]
    for webhook, found in (({}, []), ({"backstop": "audit"}, ["OB3121"]), ({"backstop": "off"}, [])):
        files = {f"{index}.yaml": json.dumps({"apiVersion": API, **each}) for index, each in enumerate(documents)}
        repository = {"apiVersion": API, "kind": "Repository", "spec": {"webhook": webhook}}
        assert [each.code.id for each in compiled({"overbank.yaml": json.dumps(repository), **files}).diagnostics] == found

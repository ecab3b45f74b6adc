"""From valid documents to the model: every document once, by kind and name."""

from collections.abc import Iterable

from compiler import parse
from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster, Model, PolicyTest, Repository
from compiler.references import by_name
from compiler.source import Document


def build_model(documents: Iterable[Document], repository: Repository) -> tuple[Model, list[Diagnostic]]:
    """Turn valid documents into the model; documents of other kinds are passed over."""
    readers = {
        "Cluster": parse.cluster,
        "AcceleratorClass": parse.accelerator,
        "BurstPolicy": parse.policy,
        "PolicyTest": parse.policy_test,
    }
    given = list(documents)
    found, diagnostics = by_name(given, readers)
    for document in given:
        if document.value["kind"] == "Repository" and document is not repository.document:
            first = [(repository.document.at(), "the repository is defined here")]
            diagnostics.append(diagnose(codes.STRAY_REPOSITORY, document.at("kind"), "another Repository document", related=first))

    def read(kind: str) -> list:  # type: ignore[type-arg] # one list a kind
        return [readers[kind](document) for document in found[kind]]

    clusters: list[Cluster] = read("Cluster")
    diagnostics += [each for cluster in clusters for each in _duplicates_within(cluster)]
    tests: list[PolicyTest] = read("PolicyTest")
    diagnostics += [each for test in tests for each in _repeated_cases(test)]
    built = Model(
        repository=repository,
        clusters=tuple(clusters),
        accelerators=tuple(read("AcceleratorClass")),
        policies=tuple(read("BurstPolicy")),
        tests=tuple(tests),
    )
    return built, diagnostics


def _duplicates_within(cluster: Cluster) -> Iterable[Diagnostic]:
    for what in ("pools", "namespaces"):
        first: dict[str, int] = {}
        for index, entry in enumerate(cluster.document.get("spec", what) or ()):
            earlier = first.setdefault(entry["name"], index)
            if earlier != index:
                message = f"cluster `{cluster.name}` has two {what} `{entry['name']}`"
                related = [(cluster.at("spec", what, earlier, "name"), "first here")]
                yield diagnose(codes.DUPLICATE, cluster.at("spec", what, index, "name"), message, related=related)
    claimed: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(cluster.document.get("spec", "claims") or ()):
        earlier = claimed.setdefault((entry["namespace"], entry["name"]), index)
        if earlier != index:
            message = f"cluster `{cluster.name}` has two claims `{entry['name']}` in namespace `{entry['namespace']}`"
            related = [(cluster.at("spec", "claims", earlier, "name"), "first here")]
            yield diagnose(codes.DUPLICATE, cluster.at("spec", "claims", index, "name"), message, related=related)


def _repeated_cases(test: PolicyTest) -> Iterable[Diagnostic]:
    first: dict[str, int] = {}
    for case in test.cases:
        earlier = first.setdefault(case.name, case.index)
        if earlier != case.index:
            related = [(test.at("spec", "cases", earlier, "name"), "first here")]
            message = f"test `{test.name}` has two cases `{case.name}`"
            yield diagnose(codes.DUPLICATE, test.at("spec", "cases", case.index, "name"), message, related=related)

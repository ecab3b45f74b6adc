"""From valid documents to the model: every document once, by kind and name."""

from collections.abc import Iterable, Iterator

from compiler import parse
from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import BurstPolicy, Cluster, Model, Named, PolicyTest, Repository
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
    diagnostics += strays(given, repository)

    def read(kind: str) -> list:  # type: ignore[type-arg] # one list a kind
        return [readers[kind](document) for document in found[kind]]

    clusters: list[Cluster] = read("Cluster")
    policies: list[BurstPolicy] = read("BurstPolicy")
    tests: list[PolicyTest] = read("PolicyTest")
    for named in (*clusters, *policies, *tests):
        diagnostics += repeated(named)
    built = Model(
        repository=repository,
        clusters=tuple(clusters),
        accelerators=tuple(read("AcceleratorClass")),
        policies=tuple(policies),
        tests=tuple(tests),
    )
    return built, diagnostics


def strays(documents: Iterable[Document], repository: Repository) -> Iterator[Diagnostic]:
    """Yield the Repository documents beside the repository's own."""
    for document in documents:
        if document.value["kind"] == "Repository" and document is not repository.document:
            first = [(repository.document.at(), "the repository is defined here")]
            yield diagnose(
                codes.STRAY_REPOSITORY,
                document.at("kind"),
                "another Repository document",
                related=first,
                help=["remove it, or run overbank on the folder that it belongs to"],
            )


def repeated(named: Named) -> Iterator[Diagnostic]:
    """Yield what one document has twice."""
    if isinstance(named, Cluster):
        yield from _repeated("cluster", named, "pools")
        yield from _repeated("cluster", named, "namespaces")
        yield from _repeated("cluster", named, "claims", ("name", "namespace"))
    elif isinstance(named, BurstPolicy):
        yield from _repeated("policy", named, "pools")
    elif isinstance(named, PolicyTest):
        yield from _repeated("test", named, "cases")


def _repeated(noun: str, named: Named, part: str, keys: tuple[str, ...] = ("name",)) -> Iterator[Diagnostic]:
    """Yield the entries of a list that have the same values for ``keys`` as an earlier one; ``noun`` is what people call the document."""
    first: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(named.document.get("spec", part) or ()):
        earlier = first.setdefault(tuple(entry[key] for key in keys), index)
        if earlier != index:
            of = "".join(f" in {key} `{entry[key]}`" for key in keys if key != "name")
            message = f"{noun} `{named.name}` has two {part} `{entry['name']}`{of}"
            related = [(named.at("spec", part, earlier, "name"), "first here")]
            yield diagnose(codes.DUPLICATE, named.at("spec", part, index, "name"), message, related=related)

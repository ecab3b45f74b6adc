"""``overbank graph``: a picture of a repository for drawing programs."""

import argparse
from collections.abc import Iterable

from compiler.cli import CLEAN, NOTHING, CommandError
from compiler.cli.arguments.repository import add_repository, compiled, open_tree
from compiler.cli.results.destination import write
from compiler.cli.results.progress import add_progress
from compiler.cli.results.terminal import add_colour
from compiler.graph import dot, mermaid
from compiler.graph.painting import paint
from compiler.graph.picture import Picture


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "GitHub and GitLab draw Mermaid in Markdown; Graphviz makes files of dot: overbank graph | dot -Tsvg -o policies.svg"
    )
    add_repository(parser)
    parser.add_argument(
        "--cluster",
        dest="clusters",
        action="append",
        default=[],
        metavar="NAME",
        help="only this cluster and its policies; may be repeated",
    )
    parser.add_argument(
        "--policy",
        dest="policies",
        action="append",
        default=[],
        metavar="NAME",
        help="only this policy and its clusters; may be repeated",
    )
    parser.add_argument(
        "--format", choices=("dot", "mermaid", "json-v1"), default="dot", help="language of the picture (default: dot)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write the picture (default: standard output)")
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Draw."""
    result = compiled(open_tree(options.repository), options)
    resolved, federated = result.resolved, result.federated
    if resolved is None or not resolved.model.clusters:
        raise CommandError("there are no clusters to draw", code=NOTHING, help="write a Cluster document")
    placements = [each.policy.name for each in federated.placements] if federated else []
    _require("cluster", options.clusters, [each.name for each in resolved.model.clusters])
    _require("policy", options.policies, [*(each.name for each in resolved.model.policies), *placements])
    picture = paint(resolved, federated, frozenset(options.clusters), frozenset(options.policies))
    write(_rendered(picture, options.format), options.output)
    return CLEAN


def _require(what: str, wanted: Iterable[str], names: list[str]) -> None:
    """Refuse names that do not exist.

    Raises:
        CommandError: one does not.
    """
    for name in wanted:
        if name not in names:
            from compiler.spelling import did_you_mean, listing  # noqa: PLC0415 - only when something is misspelt

            advice = "".join(did_you_mean(name, names)) or f"there is: {listing(names)}"
            raise CommandError(f"there is no {what} `{name}`", help=advice)


def _rendered(picture: Picture, language: str) -> str:
    """Write the picture in a language.

    Raises:
        CommandError: it is too large for the programs that read it.
    """
    match language:
        case "mermaid":
            text = mermaid.render(picture)
            if len(picture.edges) > mermaid.MAX_EDGES or len(text) > mermaid.MAX_TEXT:
                raise CommandError(
                    f"the picture has {len(picture.edges):,} edges and {len(text):,} characters; "
                    f"Mermaid draws no more than {mermaid.MAX_EDGES:,} and {mermaid.MAX_TEXT:,}",
                    help="draw a part of it with --cluster or --policy, or all of it with --format dot",
                )
            return text
        case "json-v1":
            from compiler.graph import json_v1  # noqa: PLC0415 - one of the languages

            return json_v1.render(picture)
        case _:
            return dot.render(picture)

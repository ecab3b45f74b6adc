"""``overbank import``: hand-written objects of the vendors as policy files that build the same objects."""

import argparse
import sys
from pathlib import Path

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.given import NAME, by_cluster, read, title
from compiler.cli.arguments.repository import add_format, open_tree, report
from compiler.cli.results.counting import count
from compiler.cli.results.terminal import add_colour
from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, Severity, has_errors, in_order
from compiler.importing.drafts import files_of
from compiler.importing.proof import Overlay, differences
from compiler.importing.run import Imported, Known, imported
from compiler.importing.sorting import Given
from compiler.load import MAX_BYTES, decode, load
from compiler.model import Platform
from compiler.pipeline import Result, compile_repository
from compiler.sources import REPOSITORY_FILE
from compiler.sources.tree import Tree
from compiler.versions import Version

_SUFFIXES = (".yaml", ".yml", ".json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "Reads ResourcePolicies of ACK and VKE, workloads whose pods name a feature of the vendors by hand, and PropagationPolicies, "
        "OverridePolicies and centralized autoscalers of KubeAdmiral with the workloads that are bound to them. The policies are compiled at once, and compared with what was read. The exit code is 1 "
        "if something cannot be imported; then nothing is written."
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="[CLUSTER=]FILE",
        help="file or folder with objects, or - for stdin; ResourcePolicies belong to a cluster, which stands before the file",
    )
    parser.add_argument("--into", metavar="REPO", help="the policy repository to add to; without it, a new one is written")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder to write to (default: stdout; with --into, the repository)")
    parser.add_argument("--cluster", default="", metavar="NAME", help="cluster of files without a cluster of their own")
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="CLUSTER=PLATFORM",
        help="platform of a cluster that is not declared, where objects leave it open",
    )
    parser.add_argument(
        "--member", action="append", default=[], metavar="CLUSTER=ID", help="what the federation host calls a cluster"
    )
    parser.add_argument("--host", metavar="NAME", help="federation host (default: the only one, or `federation`)")
    parser.add_argument(
        "--kubernetes-version", default="1.30", metavar="VERSION", help="of clusters that are not declared (default: 1.30)"
    )
    parser.add_argument(
        "--scheduler",
        action="append",
        default=[],
        metavar="CLUSTER=VERSION",
        help="version of the vendor's scheduler on a cluster that is not declared, where fields depend on it",
    )
    parser.add_argument("--lossy", action="store_true", help="leave out what policy files cannot say, instead of stopping")
    parser.add_argument("--dry-run", action="store_true", help="write nothing, and print the files")
    add_format(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Import objects."""
    options.repository = "."  # as `report` asks for it: the paths of findings are those that were given
    tree = open_tree(options.into) if options.into else None
    known = _known(options, _declared(tree, options.into) if tree else None)
    given, diagnostics = _given(options)
    found = imported(given, known)
    diagnostics += found.diagnostics
    if options.lossy:
        diagnostics = [each._replace(code=codes.CHANGED) if each.code is codes.UNSAID else each for each in diagnostics]
    if not found.ordered and not found.federation and not found.injected and not found.there and not diagnostics:
        raise CommandError(
            "there is nothing to import",
            code=NOTHING,
            help="it reads ResourcePolicies, pods that name a vendor's feature by hand, PropagationPolicies and what is bound to them",
        )
    files = files_of(found.drafts)
    if found.there and not has_errors(diagnostics) and not any(draft.sources for draft in found.drafts):
        report(diagnostics, options, sys.stderr)
        _say(options, f"the repository builds {_many(found.there, 'object')} already, and there are no others to import")
        return CLEAN
    if not has_errors(diagnostics) and not any(draft.sources for draft in found.drafts):
        report(diagnostics, options, sys.stderr)
        raise CommandError("nothing is left to import", code=NOTHING)
    if not has_errors(diagnostics):
        _nothing_in_the_way(options, files)
        diagnostics += differences(found, compile_repository(Overlay(tree, files), workloads=False))
    return _ended(options, found, files, in_order(diagnostics))


def _ended(options: argparse.Namespace, found: Imported, files: dict[str, str], diagnostics: list[Diagnostic]) -> int:
    report(diagnostics, options, sys.stderr)
    objects = len({id(source) for draft in found.drafts for source in draft.sources})
    policies = sum(bool(draft.sources) for draft in found.drafts)
    if has_errors(diagnostics):
        _say(options, f"nothing is written: {count(diagnostics)}")
        return FINDINGS
    folder = options.output or options.into
    if folder and not options.dry_run:
        _write(Path(folder), files)
    else:
        sys.stdout.write("".join(f"---\n# {path}\n{text}" for path, text in files.items()))
    where = f" in {_many(len(files), 'file')}" if folder and not options.dry_run else ""
    passed = f"; {_many(found.passed, 'other object')} passed over" if found.passed else ""
    became = f"{_many(objects, 'object')} became {_many(policies, 'policy')}{where}, which build{'s' * (policies == 1)} the same"
    there = f"; {_many(found.there, 'object')} built already" if found.there else ""
    _say(options, f"{became}{there}{passed}; {count(diagnostics)}")
    return CLEAN


def _say(options: argparse.Namespace, line: str) -> None:
    """Write a line for people; a report for programs is alone on its stream."""
    if options.format != "json-v1":
        sys.stderr.write(f"{line}\n")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun.removesuffix('y') + 'ies' if noun.endswith('y') else noun + 's'}"


def _declared(tree: Tree, folder: str) -> Result:
    result = compile_repository(tree, workloads=False)
    if result.failed or result.model is None:
        first = next(each for each in result.diagnostics if each.code.severity is Severity.ERROR)
        raise CommandError(f"the policies in {folder} have errors, such as {first.primary.where.locate()}: {first.message}")
    return result


def _known(options: argparse.Namespace, declared: Result | None) -> Known:
    platforms = {}
    for written in options.platform:
        cluster, platform = _pair("--platform", "PLATFORM", written)
        if platform not in [*Platform]:
            raise CommandError(f"there is no platform `{platform}`", help=f"platforms: {', '.join(Platform)}")
        platforms[cluster] = Platform(platform)
    members = {member: cluster for cluster, member in (_pair("--member", "ID", written) for written in options.member)}
    schedulers = {
        cluster: _version("--scheduler", version)
        for cluster, version in (_pair("--scheduler", "VERSION", written) for written in options.scheduler)
    }
    kubernetes = _version("--kubernetes-version", options.kubernetes_version)
    for name in (options.host, options.cluster):
        if name and not NAME.fullmatch(name):
            raise CommandError(f"`{name}` is no name of a cluster or host")
    if declared is None or declared.model is None:
        return Known(
            new=True,
            platforms=platforms,
            schedulers=schedulers,
            members=members,
            host=options.host or "federation",
            kubernetes=kubernetes,
        )
    model, federated = declared.model, declared.federated
    hosts = sorted(host.name for host in federated.hosts) if federated else []
    if options.host is None and len(hosts) > 1:
        raise CommandError("the repository has several federation hosts", help=f"say which one with --host: {', '.join(hosts)}")
    return Known(
        new=False,
        clusters={cluster.name: cluster for cluster in model.clusters},
        names={
            "BurstPolicy": {each.name for each in model.policies},
            "PlacementPolicy": {each.policy.name for each in federated.placements} if federated else set(),
            "AcceleratorClass": {each.name for each in model.accelerators},
            "FederationHost": set(hosts),
        },
        platforms=platforms,
        schedulers=schedulers,
        members=members,
        host=options.host or next(iter(hosts), "federation"),
        kubernetes=kubernetes,
        files=declared.files,
        engines=declared.clusters,
    )


def _pair(option: str, word: str, written: str) -> tuple[str, str]:
    cluster, _, value = written.partition("=")
    if not NAME.fullmatch(cluster) or not value:
        raise CommandError(f"{option} takes CLUSTER={word}, and not `{written}`")
    return cluster, value


def _version(option: str, written: str) -> Version:
    try:
        return Version.parse(written)
    except ValueError as error:
        raise CommandError(f"{option}: `{written}` is no version", help="versions are such as 1.30 or 6.4.3") from error


def _given(options: argparse.Namespace) -> tuple[list[Given], list[Diagnostic]]:
    """Read the documents of all files."""
    given: list[Given] = []
    diagnostics: list[Diagnostic] = []
    for cluster, path in by_cluster(options.inputs, _SUFFIXES):
        raw = read(path, MAX_BYTES)
        file, found = decode(title(path), raw)
        diagnostics += found
        if file is not None:
            documents, found = load(file)
            diagnostics += found
            given.append(Given(cluster=cluster or options.cluster, documents=documents))
    return given, diagnostics


def _nothing_in_the_way(options: argparse.Namespace, files: dict[str, str]) -> None:
    """Stop before anything is written where something is in the way.

    Raises:
        CommandError: in the folder that is written to, or in the repository that the files are for.
    """
    folders = [Path(each) for each in (options.into, None if options.dry_run else options.output) if each]
    below = {folder / Path(path).parent: None for folder in folders for path in files if "/" in path}
    for each in below:
        if each.is_symlink():
            raise CommandError(f"{each} is a link, and nothing is written behind one", help="name the folder itself, or remove it")
        if each.exists() and not each.is_dir():
            raise CommandError(f"{each} is in the way: it is no folder", help="move it, or take another folder")
    there = [folder / path for folder in folders for path in files if (folder / path).exists() or (folder / path).is_symlink()]
    if there:
        new = any(each.name == REPOSITORY_FILE for each in there)
        advice = f"add to that repository with --into {options.output}" if new else "move it, or take another folder"
        more = f", and {_many(len(there) - 1, 'other file')}" if len(there) > 1 else ""
        raise CommandError(f"{there[0]} is in the way{more}", help=f"nothing that is there is overwritten: {advice}")


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write files that are not there yet.

    Raises:
        CommandError: one of them cannot be written; what was written before stays.
    """
    for path, text in files.items():
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CommandError(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error

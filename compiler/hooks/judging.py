"""Whether a commit or a push may go on: the policies that it would bring are checked, where it changes them.

What a push changes is known by the trees: two revisions with the same folder of policies have the same findings. So a push of something
else is not held up by what was wrong before, and of many references with one tree one is checked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from compiler.diagnostics import Diagnostic, Severity
from compiler.hooks.misplaced import in_the_place, suspects
from compiler.hooks.updates import Update
from compiler.incremental import Outcome
from compiler.sources import REPOSITORY_FILE, Source
from compiler.sources.git import Git, GitError
from compiler.sources.revision import Revision
from compiler.sources.staged import Staged

MAX_REFUSED: Final = 3
"""After so many refused revisions no more are checked: whoever pushes has enough to read."""


Compile = Callable[[Source], Outcome]
"""Checks a revision; whoever gives it decides what is remembered."""
Compare = Callable[[str, Source, Source], Iterable[Diagnostic]]
"""Returns what may not differ between the name and source of what was before, and what is pushed; neither has errors of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What is asked of policies.

    Attributes:
        path: of the folder of policies in the repository; empty for its root.
        level: the least severity that refuses.
        required: whether a branch or tag without policies is refused.
        refs: patterns of references that are checked; all where there are none.
        compile: checks a revision. compare: checks what it changes, None where everything may change.
    """

    compile: Compile
    compare: Compare | None = None
    path: str
    level: Severity
    required: bool
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one revision.

    Attributes:
        update: what it is about, None for a commit that is being made.
        findings: what to tell, errors and warnings.
        refusal: why it must not go on, empty where it may.
        remark: why nothing was checked, empty where something was.
    """

    update: Update | None
    findings: tuple[Diagnostic, ...] = field(default=(), repr=False)
    documents: int = 0
    refusal: str = ""
    remark: str = ""


def of_index(folder: Path, demands: Demands, inherited: dict[str, str]) -> Iterator[Verdict]:
    """Judge the commit that is being made in a work tree. The verdict is to be told before the next is asked for: it reads from the source.

    Raises:
        GitError, RevisionError: Git cannot answer.
    """
    git = Git(folder, inherited=inherited)
    if _is_committed(git, demands.path):
        return
    with Staged(folder, subfolder=demands.path, inherited=inherited) as source:
        verdict = _of(source, None, demands, git)
        [head] = git.look_up([f"HEAD^{{commit}}:{demands.path}"])
        if head is not None and head[0] == "tree":
            verdict = _comparing(verdict, source, demands, before="HEAD", folder=folder, inherited=inherited)
        yield verdict


def of_updates(folder: Path, updates: Sequence[Update], demands: Demands, inherited: dict[str, str]) -> Iterator[Verdict]:
    """Judge a push, revision by revision, as far as there is something to say; after three refusals the rest is left.

    As of ``of_index``, a verdict is to be told before the next is asked for.

    Raises:
        GitError, RevisionError: Git cannot answer, so that nobody knows what is pushed.
    """
    git = Git(folder, inherited=inherited)
    meant = [each for each in updates if each.new and each.is_meant(demands.refs)]
    trees = _trees(git, meant, demands.path)
    doubtful = suspects(git, (each.new for each in meant if each.new not in trees), demands.path)
    seen: set[str] = set()
    refused = 0
    for update in meant:
        tree = trees.get(update.new)
        if tree is None:
            verdict = _without_policies(update, demands, git if update.new in doubtful else None)
            yield verdict
        elif tree in seen or tree == trees.get(update.old):
            continue
        else:
            # Of one tree, references may differ in what they were before.
            if demands.compare is None:
                seen.add(tree)
            with Revision(folder, update.new, subfolder=demands.path, inherited=inherited) as source:
                verdict = _of(source, update, demands, git)
                if update.old in trees:
                    verdict = _comparing(verdict, source, demands, before=update.old, folder=folder, inherited=inherited)
                yield verdict
        refused += bool(verdict.refusal)
        if refused == MAX_REFUSED:
            return


def _of(source: Source, update: Update | None, demands: Demands, git: Git) -> Verdict:
    if REPOSITORY_FILE not in source.paths():
        return _without_policies(update, demands, git)
    outcome = demands.compile(source)
    told = tuple(each for each in outcome.diagnostics if each.code.severity is not Severity.INFO or demands.level is Severity.INFO)
    ranks = list(Severity)
    grave = any(ranks.index(each.code.severity) <= ranks.index(demands.level) for each in told)
    refusal = "the policies are not right" if grave else ""
    return Verdict(update=update, findings=told, documents=outcome.documents, refusal=refusal)


def _comparing(
    verdict: Verdict, source: Source, demands: Demands, *, before: str, folder: Path, inherited: dict[str, str]
) -> Verdict:
    """Add what may not differ from what was before. Policies that are refused anyway cannot be compared."""
    if demands.compare is None or verdict.refusal or verdict.remark:
        return verdict
    with Revision(folder, before, subfolder=demands.path, inherited=inherited) as old:
        if REPOSITORY_FILE not in old.paths():
            return verdict
        found = tuple(demands.compare(before, old, source))
    return replace(verdict, findings=(*verdict.findings, *found), refusal="it changes what may not change") if found else verdict


def _without_policies(update: Update | None, demands: Demands, git: Git | None) -> Verdict:
    where = f"{demands.path}/{REPOSITORY_FILE}" if demands.path else REPOSITORY_FILE
    # Notes, reviews and the like never have policies.
    if update is not None and not update.ref.startswith(("refs/heads/", "refs/tags/")):
        refusal = ""
    else:
        refusal = in_the_place(git, update.new if update else None, demands.path) if git else ""
        if not refusal and demands.required:
            refusal = f"there is no {where}, which this repository asks for"
    return Verdict(update=update, refusal=refusal, remark="" if refusal else f"there is no {where}, so there is nothing to check")


def _trees(git: Git, updates: Sequence[Update], path: str) -> dict[str, str]:
    """Return the tree of the folder of policies by object, without objects that have none: anything may be pushed.

    Raises:
        GitError: git fails, or does not find what is pushed. That something is missing must not read as that nothing is there.
    """
    new = sorted({each.new for each in updates})
    for name, found in zip(new, git.look_up(new), strict=True):
        if found is None:
            raise GitError(f"git does not find the object {name}, which is pushed")
    names = sorted({*new, *(each.old for each in updates if each.old)})
    trees = git.look_up([f"{name}^{{commit}}:{path}" for name in names])
    return {name: tree[1] for name, tree in zip(names, trees, strict=True) if tree is not None and tree[0] == "tree"}


def _is_committed(git: Git, path: str) -> bool:
    """Say whether the commit that is being made leaves the policies as they are."""
    try:
        return not git.ask(["diff-index", "--cached", "--name-only", "-z", "HEAD", "--", f":(top,literal){path}"])
    except GitError:  # the first commit, or more names than are worth reading
        return False

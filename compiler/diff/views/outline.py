"""A difference as an outline: sections, the most important first, of entries with entries below them. Terminals and Markdown show it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from compiler.diff.comparing import Diff
from compiler.diff.corpus import PodChange
from compiler.diff.extent import Shown, percent
from compiler.diff.objects import ObjectChange, Status
from compiler.diff.order import Turn
from compiler.diff.owners import Move
from compiler.diff.policies import Effect, PolicyChange
from compiler.diff.running import When
from compiler.diff.values import ABSENT, Change
from compiler.diff.views.wording import ADDED, CHANGED, PLAIN, REMOVED, WARNED, sign_of, written
from compiler.reach import Relation
from webhook.engine.policy import ALL_WORKLOADS

_SIGNS: Final = {Status.ADDED: ADDED, Status.REMOVED: REMOVED, Status.CHANGED: CHANGED}
_MAX_MOVES: Final = 5


class Entry(NamedTuple):
    """A line with its sign, and what is below it."""

    sign: str
    text: str
    below: "tuple[Entry, ...]" = ()


class Section(NamedTuple):
    """Entries below a heading; ``name`` is how one speaks of those that are left out."""

    title: str
    name: str
    entries: tuple[Entry, ...]


def summary(diff: Diff) -> str:
    """Return the difference in one sentence, without its final stop."""
    if diff.is_empty:
        return "nothing differs"
    parts = []
    for status in Status:
        number = sum(each.status is status for each in diff.policies)
        if number:
            parts.append(f"{_counted(number, 'policy', 'policies')} {status}")
    relations = [each.relation for each in diff.policies if each.status is Status.CHANGED]
    parts += [f"{relations.count(each)} {each}" for each in Relation if each is not Relation.EQUAL and each in relations]
    objects = [each for each in diff.objects if not each.derived]
    if objects:
        folders = len({each.folder for each in objects})
        parts.append(f"{_counted(len(objects), 'object', 'objects')} in {_counted(folders, 'folder', 'folders')}")
    if diff.tried.changes:
        parts.append(f"{_counted(len(diff.tried.changes), 'pod', 'pods')} of {diff.tried.pods} treated otherwise")
    parts += [f"{verb} {name}" for name, verb in _places(diff)]
    return ", ".join(parts)


def _places(diff: Diff) -> Iterator[tuple[str, str]]:
    for kind, (new, gone) in (("cluster", diff.clusters), ("host", diff.hosts)):
        yield from ((name, f"new {kind}") for name in new)
        yield from ((name, f"{kind} gone:") for name in gone)


def sections(diff: Diff) -> list[Section]:
    """Return the outline; sections without entries are left out."""
    found = [
        Section("Clusters and hosts", "clusters", tuple(_clusters(diff))),
        Section("What the policies mean", "policies", tuple(_policy(each, diff) for each in diff.policies)),
        Section("Running pods", "running pods", tuple(_running(diff))),
        Section("Pods treated otherwise", "pods", tuple(map(_pod, diff.tried.changes))),
        Section(
            "Pods that no API server takes",
            "refused pods",
            tuple(Entry(WARNED, f"{name}: {why}") for name, why in diff.tried.refused),
        ),
        Section("Rendered objects", "objects", tuple(_objects(diff))),
    ]
    return [each for each in found if each.entries]


def _clusters(diff: Diff) -> Iterator[Entry]:
    for kind, (new, gone) in (("cluster", diff.clusters), ("federation host", diff.hosts)):
        yield from (Entry(ADDED, f"{kind} {name}") for name in new)
        yield from (Entry(REMOVED, f"{kind} {name}") for name in gone)


def _policy(policy: PolicyChange, diff: Diff) -> Entry:
    where = policy.place if policy.status is not Status.REMOVED else f"{policy.place} in {diff.before}"
    said = f": {policy.relation}" if policy.effects and policy.status is Status.CHANGED else ""
    groups: dict[tuple[Entry, ...], list[str]] = {}
    for effect in policy.effects:
        groups.setdefault(tuple(_effect(effect, policy)), []).append(effect.cluster)
    below = tuple(Entry(PLAIN, f"on {', '.join(names)}", entries) for entries, names in groups.items())
    if not below:
        below = (Entry(PLAIN, "on no cluster that both sides have"),)
    return Entry(_SIGNS[policy.status], f"{policy.name} ({where}){said}", below)


def _effect(effect: Effect, policy: PolicyChange) -> Iterator[Entry]:
    name = policy.name
    if effect.status is not policy.status:
        yield Entry(_SIGNS[effect.status], "holds here now" if effect.status is Status.ADDED else "does not hold here any more")
    relation = effect.extension.relation
    if relation is Relation.EQUAL and effect.matching:
        yield Entry(PLAIN, "reach: equal, though written otherwise")
    elif relation is not Relation.EQUAL:
        words = f"reach: {relation}" if effect.status is Status.CHANGED else "reach"
        yield Entry(PLAIN, words, tuple(_witnesses(effect)))
    yield from _moves(effect.moves, name)
    yield from _turns(effect.turns, name)
    if effect.pools is not None:
        before, after = ", ".join(effect.pools.before) or "none", ", ".join(effect.pools.after) or "none"
        text = {Status.ADDED: after, Status.REMOVED: before}.get(effect.status, f"{before} -> {after}")
        yield Entry(_SIGNS[effect.status], f"pools: {text}")
    for change, namespaces in effect.resource:
        yield Entry(sign_of(change), f"{written(change)} (ResourcePolicy in {', '.join(namespaces)})")
    yield from (_change(each) for each in effect.changes)
    for each in effect.running:
        yield Entry(WARNED if each.when in (When.NOW, When.FORBIDDEN, When.FIRST) else PLAIN, f"running pods: {each.when}: {each}")


def _change(change: Change) -> Entry:
    if change.path == "rollout":  # hundredths of a per cent, and all of them where nothing is said
        sides = [ALL_WORKLOADS if each is ABSENT else each for each in (change.before, change.after)]
        return Entry(CHANGED, f"rollout: {percent(sides[0])} -> {percent(sides[1])}")
    return Entry(sign_of(change), written(change))


def _witnesses(effect: Effect) -> Iterator[Entry]:
    for sign, words, pod in (
        (ADDED, "this pod is new", effect.extension.gained),
        (REMOVED, "this pod is lost", effect.extension.lost),
    ):
        if pod is not None:
            yield Entry(sign, f"{sure(pod)}: {words}: {pod}")


def sure(pod: Shown) -> str:
    """Return how sure it is that such a pod can be."""
    return "proved" if pod.witness.proved else "possible"


def _moves(moves: Sequence[Move], name: str) -> Iterator[Entry]:
    shown = [each for each in moves if each.before and each.after]
    for move in shown[:_MAX_MOVES]:
        words = f"takes pods from {move.before}" if move.after == name else f"leaves pods to {move.after}"
        sign = ADDED if move.after == name else REMOVED
        if move.witness is None:
            yield Entry(sign, f"may: {words} (not decided: too many policies match such pods)")
        else:
            certain = "proved" if move.witness.proved else "possible"
            yield Entry(sign, f"{words}: {certain}: {move.witness.pod()}, in {move.witness.place()}")
    if len(shown) > _MAX_MOVES:
        yield Entry(PLAIN, f"and {len(shown) - _MAX_MOVES} more such moves")


def _turns(turns: Sequence[Turn], name: str) -> Iterator[Entry]:
    for turn in turns[:_MAX_MOVES]:
        words = f"is heard before {turn.before} now" if turn.after == name else f"is heard after {turn.after} now"
        certain = "proved" if turn.witness.proved else "possible"
        yield Entry(CHANGED, f"{words} about {', '.join(turn.fields)}: {certain}: {turn.witness.pod()}, in {turn.witness.place()}")
    if len(turns) > _MAX_MOVES:
        yield Entry(PLAIN, f"and {len(turns) - _MAX_MOVES} more such changes of places")


def _running(diff: Diff) -> Iterator[Entry]:
    for observed in diff.observed:
        below = tuple(
            Entry(
                WARNED if fate.consequence.when in (When.NOW, When.FORBIDDEN, When.FIRST) else PLAIN,
                f"{fate.consequence.when}: {_counted(fate.pods, 'pod', 'pods')} of {fate.workload}: {fate.consequence}"
                + (f" (of {fate.unsure} the author's words are not known)" if fate.unsure else ""),
            )
            for fate in observed.fates
        )
        counts = ", ".join(f"{number} {when}" for when, number in observed.counts.items())
        unreadable = f", {observed.unreadable} cannot be read" if observed.unreadable else ""
        yield Entry(PLAIN, f"cluster {observed.cluster}: {counts}{unreadable}", below)
    grouped: dict[str, list[ObjectChange]] = {}
    for change, consequence in diff.consequences:
        grouped.setdefault(f"{consequence.when}: {consequence}", []).append(change)
    for text, changes in grouped.items():
        below = tuple(Entry(_SIGNS[each.status], f"{each.title} ({each.folder})") for each in changes)
        yield Entry(WARNED if text.startswith(When.NOW) else PLAIN, text, below)


def _pod(pod: PodChange) -> Entry:
    return Entry(CHANGED, f"{pod.title} ({pod.path}) in {pod.namespace} on {', '.join(pod.clusters)}", tuple(_treatment(pod)))


def _treatment(pod: PodChange) -> Iterator[Entry]:
    before, after = pod.owners
    if before != after:
        yield Entry(CHANGED, f"placed by {before or 'no policy'} -> {after or 'no policy'}")
    yield from (Entry(REMOVED, f"was denied: {reason}") for reason in pod.denied[0] if reason not in pod.denied[1])
    yield from (Entry(WARNED, f"is denied: {reason}") for reason in pod.denied[1] if reason not in pod.denied[0])
    for each in pod.fields:
        has = ABSENT if each.before is None else each.before
        gets = ABSENT if each.after is None else each.after
        change = Change(each.field, has, gets)
        yield Entry(sign_of(change), written(change))
    yield from (Entry(REMOVED, f"no longer warned: {each}") for each in pod.warnings[0] if each not in pod.warnings[1])
    yield from (Entry(WARNED, f"warned: {each}") for each in pod.warnings[1] if each not in pod.warnings[0])


def _objects(diff: Diff) -> Iterator[Entry]:
    folders: dict[str, list[ObjectChange]] = {}
    for each in diff.objects:
        folders.setdefault(each.folder, []).append(each)
    alike: dict[tuple[Entry, ...], list[str]] = {}
    for folder, changes in folders.items():
        alike.setdefault(tuple(_files(changes)), []).append(folder)
    for below, names in alike.items():
        yield Entry(PLAIN, ", ".join(names), below)


def _files(changes: Iterable[ObjectChange]) -> Iterator[Entry]:
    derived = []
    for each in changes:
        if each.derived:
            derived.append(each.path)
        else:
            yield Entry(_SIGNS[each.status], each.title, tuple(Entry(sign_of(change), written(change)) for change in each.changes))
    if derived:
        yield Entry(PLAIN, f"and what follows from that: {', '.join(derived)}")


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def lines(entries: Iterable[Entry], depth: int = 0) -> Iterator[tuple[int, Entry]]:
    """Yield entries with how deep they are, in the order in which they are read."""
    for entry in entries:
        yield depth, entry
        yield from lines(entry.below, depth + 1)

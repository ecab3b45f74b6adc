"""A sweep for people: a summary, the workloads with findings, and what cannot be told."""

from collections.abc import Iterable, Iterator

from compiler.report.style import Paint, plain, printable
from compiler.sweep.restart import RestartPlan
from compiler.sweep.sweeping import Sweep
from compiler.sweep.verdict import Difference, Judged, Verdict

_SHOWN = 5
_WORDS = {
    Verdict.MISSED: ("missed its mutation", "missed their mutation", "red"),
    Verdict.DIFFERS: ("would be mutated differently today", "would be mutated differently today", "yellow"),
    Verdict.DENIED: ("would be denied today", "would be denied today", "red"),
    Verdict.UNKNOWN: ("cannot be judged", "cannot be judged", "magenta"),
}


def render(found: Sweep, paint: Paint = plain, root: str = ".") -> str:
    """Return the report; paths of policies are as seen from where ``root`` is."""
    lines = [paint(summary(found), "bold")]
    for workload, verdicts in found.by_workload(_WORDS).items():
        for verdict, (one, many, colour) in _WORDS.items():
            if verdict in verdicts:
                pods = verdicts[verdict]
                number = f"{len(pods)} pod{'s' if len(pods) > 1 else ''}"
                lines += [
                    "",
                    f"{paint(printable(str(workload)), 'bold')}: {paint(f'{number} {one if len(pods) == 1 else many}', colour)}",
                ]
                lines += _described(pods, paint, root)
    return "".join(f"{line}\n" for line in lines)


def summary(found: Sweep) -> str:
    """Return one line with the numbers."""
    counts = found.counts
    concerned = sum(counts.values()) - counts[Verdict.UNCONCERNED]
    words = (
        (Verdict.RIGHT, "as they should be"),
        (Verdict.MISSED, "missed"),
        (Verdict.DIFFERS, "different today"),
        (Verdict.DENIED, "denied today"),
        (Verdict.UNKNOWN, "not to be told"),
    )
    parts = [f"{counts[verdict]} {word}" for verdict, word in words if counts[verdict]]
    rest = f"; {counts[Verdict.UNCONCERNED]} concern no policy" if counts[Verdict.UNCONCERNED] else ""
    return (
        f"cluster {found.cluster}: {concerned} pod{'' if concerned == 1 else 's'} of policies: {', '.join(parts) or 'none'}{rest}"
    )


def _described(pods: list[Judged], paint: Paint, root: str) -> Iterator[str]:
    """Yield what is wrong, pods with the same differences together."""
    alike: dict[tuple[object, ...], list[Judged]] = {}
    for each in pods:
        alike.setdefault((each.differences, each.reasons, each.why, each.then, each.now), []).append(each)
    for group in alike.values():
        first = group[0]
        yield f"  {printable(names(group))}"
        if first.verdict is Verdict.DIFFERS:
            yield printable(f"  then {', '.join(first.then) or 'nothing'}; now {', '.join(first.now) or 'nothing'}")
        if first.why:
            yield f"  {printable(first.why)}"
        yield from (f"  {paint('denied:', 'red')} {printable(each)}" for each in first.reasons)
        yield from (f"  {_line(each, paint, root)}" for each in first.differences)


def names(pods: Iterable[Judged]) -> str:
    """Name pods, the first few of them; those that wait for a node come first."""
    ordered = sorted(pods, key=lambda each: (not each.awaiting, each.name))
    shown = [f"{each.name}{' (waits for a node)' if each.awaiting else ''}" for each in ordered[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else "")


def _line(each: Difference, paint: Paint, root: str) -> str:
    sign, colour = ("+", "green") if each.has is None else ("-", "red") if each.wants is None else ("~", "yellow")
    field = each.field.partition("[")[0] if each.field.startswith("spec.tolerations[") else each.field
    value = each.has if each.wants is None else each.wants
    was = f" (is {each.has})" if each.has is not None and each.wants is not None else ""
    why = f" ({each.why})" if each.why else ""
    place = each.where.locate().shown(root) if each.where else ""
    source = f"  {paint(printable(f'<- {each.policy} {place}'.rstrip()), 'dim')}" if each.policy else ""
    return f"{paint(printable(f'{sign} {field}: {value}{was}{why}'), colour)}{source}"


def render_plan(found: RestartPlan, paint: Paint = plain) -> str:
    """Return the restart list: comments and commands, as a shell would read them."""
    lines = ["", paint("# Restart list. Nothing was changed; look at each command before you run it.", "bold")]
    lines.append("# First make sure that the webhook answers (overbank doctor), or the pods come back as they are.")
    for number, wave in enumerate(found.waves, 1):
        lines += ["", paint(f"# wave {number} of {len(found.waves)}: begin when the one before is done", "bold")]
        for step in wave:
            down = f"{step.down} down at once" if step.down else "nothing goes down"
            lines.append(printable(f"# {step.workload}: {down}{f'; {step.note}' if step.note else ''}"))
            lines += map(printable, step.commands)
    if not found.waves:
        lines += ["", "# there is nothing to restart"]
    if found.left:
        lines += ["", paint("# left alone", "bold")]
        lines += [printable(f"# {workload}: {why}") for workload, why in found.left]
    return "".join(f"{line}\n" for line in lines)

"""PolicyTest documents: run each case through the engine and compare with what is expected."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from compiler.codes import testing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.ir import ClusterIR
from compiler.load import MAX_BYTES
from compiler.model import Model, PolicyTest, TestCase, namespace_labels
from compiler.source import Document, Where
from compiler.sources import Source, SourceError
from compiler.trial import Bench, NotAPodError, Trial
from compiler.workloads import NotAWorkloadError, TemplatePod, pods_in, pods_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one case: ``trials`` has a trial for each pod, ``diagnostics`` what does not hold."""

    test: PolicyTest
    case: TestCase
    trials: tuple[tuple[TemplatePod, Trial], ...]
    diagnostics: tuple[Diagnostic, ...]


class CaseError(Exception):
    """The pods of a case cannot be had."""


def run(model: Model, clusters: tuple[ClusterIR, ...], source: Source) -> Iterator[CaseResult]:
    """Run all cases, test by test in the order of their names."""
    benches = {cluster.name: Bench(cluster) for cluster in clusters}
    versions = {cluster.name: cluster.kubernetes for cluster in model.clusters}
    for test in model.tests:
        labels = test.namespace_labels
        if labels is not None:
            labels = namespace_labels(versions[test.cluster], test.namespace, labels)
        for case in test.cases:
            yield _run(test, case, benches[test.cluster], labels, source)


def _run(test: PolicyTest, case: TestCase, bench: Bench, labels: dict[str, str] | None, source: Source) -> CaseResult:
    where = test.at("spec", "cases", case.index, "pod")
    trials = []
    diagnostics = []
    try:
        for template in manifest_pods(test.document, case.file, case.inline, source):
            trial = bench.admit(template.pod, test.namespace, labels)
            trials.append((template, trial))
            diagnostics += [_unmet(test, case, template, *failure) for failure in _failures(case.expect, trial)]
    except (CaseError, NotAPodError, NotAWorkloadError) as error:
        advice = ["the path is relative to the file of the test"] if case.file else []
        diagnostics.append(diagnose(codes.POD_UNREADABLE, where, f"case `{case.name}`: {error}", help=advice))
    return CaseResult(test=test, case=case, trials=tuple(trials), diagnostics=tuple(diagnostics))


def manifest_pods(document: Document, file: str | None, inline: Any, source: Source) -> list[TemplatePod]:
    """Return the pods of a manifest that a document names, by a path relative to its own, or has inside.

    Raises:
        CaseError: the file cannot be read.
        NotAWorkloadError: there are no pods in the manifest.
    """
    if file is None:
        return pods_of(inline)
    folder = PurePosixPath(document.file.path).parent
    path = _within(folder, file)
    try:
        raw = source.read(path, MAX_BYTES + 1)
    except SourceError as error:
        raise CaseError(f"cannot read {path}: {error}") from error
    return pods_in(path, raw)


def _within(folder: PurePosixPath, path: str) -> str:
    """Join a relative path, taking ``..`` out; it cannot climb over the root."""
    parts: list[str] = []
    for part in (*folder.parts, *PurePosixPath(path).parts):
        if part == "..":
            if not parts:
                raise CaseError(f"{path} leaves the repository")
            parts.pop()
        elif part == "/":
            raise CaseError(f"{path} is not relative")
        else:
            parts.append(part)
    return "/".join(parts)


def _failures(expect: dict[str, Any], trial: Trial) -> Iterator[tuple[str, str]]:
    """Yield each expectation that does not hold, with what is the case instead."""
    decision = trial.decision
    matching = list(decision.policies)
    if "policies" in expect and expect["policies"] != matching:
        yield "policies", f"expected policies {expect['policies']}, and {matching or 'none'} match"
    if "unchanged" in expect and expect["unchanged"] != (not trial.operations):
        changed = ", ".join(f"{each['op']} {each['path']}" for each in trial.operations)
        yield "unchanged", f"the pod is changed: {changed}" if trial.operations else "the pod comes back as it was sent"
    if "warnings" in expect:
        parts, warnings = expect["warnings"], decision.warnings
        if len(parts) != len(warnings) or any(part not in warning for part, warning in zip(parts, warnings, strict=True)):
            yield "warnings", f"expected warnings {parts}, got {warnings}"
    if "denied" in expect:
        yield from (("denied", message) for message in _denial(expect["denied"], decision.denied))
    for path, message in _missing(expect.get("contains", {}), trial.after, ""):
        yield "contains", f"{path}: {message}"


def _denial(expected: str | None, reasons: tuple[str, ...]) -> Iterator[str]:
    """Yield what is the case instead, where a pod is denied for other reasons than expected, or should be allowed."""
    if expected is None:
        if reasons:
            yield f"the pod is denied: {' '.join(reasons)}"
    elif not any(expected in reason for reason in reasons):
        yield f"expected the pod to be denied with `{expected}`, and it is " + (
            f"denied: {' '.join(reasons)}" if reasons else "allowed"
        )


def _missing(expected: Any, actual: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the places where ``actual`` does not contain ``expected``."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in actual:
                yield from _missing(value, actual[key], inner)
            else:
                yield inner, f"expected {value!r}, and it is absent"
    elif isinstance(expected, list) and isinstance(actual, list):
        for value in expected:
            if all(list(_missing(value, candidate, path)) for candidate in actual):
                yield path, f"no element contains {value!r}"
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield path, f"expected {expected!r}, got {actual!r}"


def _unmet(test: PolicyTest, case: TestCase, template: TemplatePod, field: str, message: str) -> Diagnostic:
    where: Where = test.at("spec", "cases", case.index, "expect", field)
    role = f" ({template.role})" if template.role else ""
    help_lines = ["`overbank try POD.yaml --cluster NAME --format explain` shows the whole decision"]
    return diagnose(codes.EXPECTATION, where, f"case `{case.name}`{role}: {message}", help=help_lines)

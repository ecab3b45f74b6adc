"""A repository that somebody writes while it is read: what is kept is true of what was read."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from compiler.codes import names
from compiler.diagnostics import diagnose
from compiler.incremental import Outcome, compile_slices
from compiler.incremental.contents import Unindexed
from compiler.incremental.findings import kept
from compiler.incremental.memory import Nothing
from compiler.report import json_v1
from compiler.sources.tree import Tree

Write = Callable[..., Path]


class Known:
    """A memory in memory."""

    salt: Final = b"a test"
    keeps: Final = True

    def __init__(self) -> None:
        self.known: dict[bytes, bytes] = {}

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Return what is known."""
        return {key: self.known[key] for key in keys if key in self.known}

    def put(self, key: bytes, value: bytes) -> None:
        """Remember an answer."""
        self.known[key] = value


class Changing(Tree):
    """A tree in which a file is written each time that it is read."""

    def __init__(self, root: Path, path: str, contents: list[bytes]) -> None:
        super().__init__(root)
        self.path, self.contents = path, contents

    def read(self, path: str, limit: int) -> bytes:
        """Write the next content, and return it."""
        if path == self.path and self.contents:
            (self.root / path).write_bytes(self.contents.pop(0))
        return super().read(path, limit)


def test_what_changes_between_two_readings_is_read_again_from_the_beginning(write: Write, minimal: dict[str, str]) -> None:
    """A slice never sees another content than the one whose digest is in its key."""
    repo = write(minimal)
    policy = minimal["burst/web.yaml"]
    memory = Known()
    compile_slices(Tree(repo), memory, Unindexed(), files=True)
    # The file is known as it is; the cluster is new, so the policy has to be read again, and is another one by then.
    (repo / "clusters/idc.yaml").write_text(minimal["clusters/idc.yaml"].replace("1.30", "1.31"))
    other = policy.replace("max: 3", "max: 5").encode()
    tree = Changing(repo, "burst/web.yaml", [policy.encode(), other])
    found = compile_slices(tree, memory, Unindexed(), files=True)
    clean = compile_slices(Tree(repo), Nothing(), Unindexed(), files=True)
    assert dict(found.files) == dict(clean.files)
    assert tree.contents == []
    for text in (other, policy.encode()):
        (repo / "burst/web.yaml").write_bytes(text)
        warm = compile_slices(Tree(repo), memory, Unindexed(), files=True)
        clean = compile_slices(Tree(repo), Nothing(), Unindexed(), files=True)
        assert dict(warm.files) == dict(clean.files)
        assert json_v1.render(warm.diagnostics) == json_v1.render(clean.diagnostics)


def test_a_file_that_goes_while_it_is_read_is_missed_once(write: Write, minimal: dict[str, str]) -> None:
    """It counts as unreadable, and not as what it was."""
    repo = write(minimal)
    memory = Known()
    compile_slices(Tree(repo), memory, Unindexed(), files=False)
    tree = Tree(repo)
    (repo / "burst/web.yaml").unlink()
    found = compile_slices(tree, memory, Unindexed(), files=False)
    assert [each.code.id for each in found.diagnostics] == ["OB0109"]


def test_the_files_of_pods_are_part_of_scenarios(write: Write, minimal: dict[str, str]) -> None:
    """A scenario's pod may stand in any file; what was found holds as long as that file is what it was."""
    pod = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a"}]}}'
    scenario = """\
apiVersion: overbank.dev/v1alpha1
kind: PlanScenario
metadata: {name: burst}
spec:
  cluster: idc
  namespace: shop
  pod: {file: pod.json}
  events: [{create: 2}]
"""
    repo = write({**minimal, "plan.yaml": scenario, "pod.json": pod})
    memory = Known()
    seen = []
    for content in (pod, pod.replace('"web"', '"other"'), "no pod", None, pod):
        if content is None:
            (repo / "pod.json").unlink()
        else:
            (repo / "pod.json").write_text(content)
        warm = [compile_slices(Tree(repo), memory, Unindexed(), files=False) for _ in range(2)]
        clean = compile_slices(Tree(repo), Nothing(), Unindexed(), files=False)
        assert {json_v1.render(each.diagnostics) for each in warm} == {json_v1.render(clean.diagnostics)}
        assert warm[1].read == clean.read == ("burst/web.yaml", "clusters/idc.yaml", "overbank.yaml", "plan.yaml", "pod.json")
        seen.append(json_v1.render(clean.diagnostics))
    assert len(set(seen)) > 2


def test_a_slice_cannot_find_things_in_what_it_was_not_given(parse: Callable[[str], list], minimal: dict[str, str]) -> None:  # type: ignore[type-arg]
    """A place in another document is our own mistake, and ends the run instead of being kept."""
    (document,) = parse(minimal["burst/web.yaml"])
    with pytest.raises(ValueError, match="was not given"):
        kept([diagnose(names.DANGLING, document.at("spec"), "there is none")])


@pytest.mark.parametrize("way", ["changed", "gone"])
def test_a_file_that_changes_before_its_output_is_written_ends_the_build(
    way: str, write: Write, minimal: dict[str, str], cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where content has to be made anew of a file that is another one by then, nothing is written, and people are told."""
    repo = write(minimal)
    memory = Known()
    compile_slices(Tree(repo), memory, Unindexed(), files=True)
    known = dict(memory.known)
    outcome = compile_slices(Tree(repo), memory, Unindexed(), files=True)
    # Content that was not asked for in a month is forgotten, while its digest is not.
    contents = {answer for answer in known if b"kustomization" in known[answer] and b"apiVersion" in known[answer]}
    assert contents

    def compiled(tree: Tree, *_: object, **options: Any) -> Outcome:
        for answer in contents:
            del memory.known[answer]
        found = compile_slices(tree, memory, Unindexed(), **options)
        policy = repo / "burst/web.yaml"
        policy.unlink() if way == "gone" else policy.write_text(minimal["burst/web.yaml"].replace("max: 3", "max: 5"))
        return found

    monkeypatch.setattr("compiler.cli.build.compile_slices", compiled)
    built = cli("build", repo, "--no-cache")
    assert (built.code, built.out) == (2, "")
    assert "burst/web.yaml was changed while the build ran" in built.err
    assert not [path for path in (repo / outcome.output).rglob("*") if path.is_file()] if outcome.output else False

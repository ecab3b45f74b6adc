"""What holds for any nodes, and any way in which people write a document."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compiler.inventory.discovery import Grouping
from compiler.inventory.nodes import Node
from compiler.inventory.refresh import refresh
from compiler.inventory.rewrite import rewritten
from compiler.load import load
from compiler.model import Taint
from compiler.parse import cluster as read_cluster
from compiler.source import SourceFile
from compiler.validate import validate
from tests.compiler.inventory.cluster import CLUSTER, NODE_POOL

_NODES = st.builds(
    lambda name, labels, taints, sizes, ready: Node(
        name=name, labels=labels, taints=tuple(taints), allocatable=sizes, ready=ready, cordoned=False, kubelet="v1.30.1"
    ),
    st.uuids().map(str),
    st.fixed_dictionaries({NODE_POOL: st.sampled_from(["np1", "np2", "np3"])}, optional={"zone": st.just("a")}),
    st.lists(
        st.builds(Taint, key=st.sampled_from("ab"), value=st.sampled_from(["", "1"]), effect=st.just("NoSchedule")), max_size=3
    ),
    st.dictionaries(
        st.sampled_from(["cpu", "memory", "a.b/gpu", "pods"]), st.sampled_from(["0", "1", "1000m", "2Gi", "odd"]), max_size=3
    ),
    st.booleans(),
)


@given(st.lists(_NODES, max_size=8), st.lists(_NODES, max_size=8))
def test_refreshing_twice_changes_nothing_more(first: list[Node], second: list[Node]) -> None:
    """Whatever the nodes, what is written is valid, says what was meant, and is final until the nodes change."""
    raw = CLUSTER.encode()
    for nodes in (first, second):
        for expected in (None, ()):
            cluster = read_cluster(load(SourceFile("c.yaml", raw.decode()))[0][0])
            found = refresh(cluster, nodes)
            assert expected is None or found.operations == expected
            content, problems = rewritten(raw, cluster, list(found.operations))
            assert problems == []
            assert content is not None
            raw = content
            document = load(SourceFile("c.yaml", raw.decode()))[0][0]
            assert validate(document) == []
            assert all(
                comment in raw.decode()
                for comment in ("# What we pay for.", "# of the control plane", "# the paid ones", "# since June")
            )


def _pool_text(draw: Any, name: str) -> list[str]:
    """Return the lines of a pool, in one of the ways in which people write them, without comments."""
    nodes = draw(st.sampled_from([None, "{max: 2}", "{ min: 1,  max: 1 }", "{'max':7,}"]))
    sizes = draw(st.sampled_from([None, "{cpu: '8'}", '{"memory": 29Gi, cpu: 7910m}']))
    taints = draw(
        st.sampled_from(
            [None, "[{key: a, effect: NoSchedule}]", "[{effect: NoSchedule, key: b, value: '1'}, {key: c, effect: NoExecute}]"]
        )
    )
    fields = [
        ("type", "ecs"),
        ("nodeSelector", f"{{{NODE_POOL}: {name}}}"),
        ("nodes", nodes),
        ("allocatable", sizes),
        ("taints", taints),
    ]
    written = draw(st.permutations([(key, value) for key, value in fields if value]))
    if draw(st.booleans()):
        return [f"- {{name: {name}, " + ", ".join(f"{key}: {value}" for key, value in written) + "}"]
    return [f"- name: {name}", *(f"  {key}: {value}" for key, value in written)]


@st.composite
def _files(draw: Any) -> tuple[str, list[str]]:
    """Return a file with a Cluster document between others, and its comments, each of which is unique."""
    indent = " " * draw(st.sampled_from([2, 4, 6]))
    lines = ["apiVersion: overbank.dev/v1alpha1", "kind: Cluster", "metadata: {name: pro}", "spec:", "  platform: ack-pro"]
    lines += [f"  kubernetesVersion: {draw(st.sampled_from(['1.29.0', chr(39) + '1.30' + chr(39), 'v1.28.3-vke.1']))}", "  pools:"]
    for name in draw(st.permutations(["np1", "np2"])):
        lines += [indent + line for line in _pool_text(draw, name)]
    comments: list[str] = []
    commented: list[str] = []
    for line in lines:
        # A comment on the line of what is removed goes with it.
        kind = draw(st.sampled_from(["", "", "above", "blank", *([] if "taints" in line else ["behind"])]))
        if kind in ("behind", "above"):
            comments.append(f"# c{len(comments)} \u00e9\U0001f600 {{[&*")
        if kind == "above":
            commented.append(" " * draw(st.sampled_from([0, 2, 8])) + comments[-1])
        commented += [""] * (kind == "blank")
        commented.append(f"{line}  {comments[-1]}" if kind == "behind" else line)
    text = "\n".join(commented) + draw(st.sampled_from(["", "\n", "\n\n\n", "\n# end\n"]))
    before = draw(st.sampled_from(["", "---\n", "# first\na: [1,  2]\n---\n", "--- {b: 1}\n...\n---\n"]))
    after = draw(st.sampled_from(["", "\n---\nc:   |+\n  kept\n\n", "\n... # over\n---\nd: 1"]))
    whole = f"{before}{text}{after}".replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from(["", "\ufeff"])) + whole, comments


@given(_files(), st.lists(_NODES, max_size=6), st.booleans())
def test_all_but_the_changed_values_stays_as_people_wrote_it(file: tuple[str, list[str]], nodes: list[Node], add: bool) -> None:  # noqa: FBT001 - hypothesis'
    """Whatever the layout: comments stay in their order, so do lines that are about something else, line ends and other documents."""
    text, comments = file
    source = SourceFile("c.yaml", text.removeprefix("\ufeff"))
    documents, problems = load(source)
    assert problems == []
    document = next(each for each in documents if each.get("kind") == "Cluster")
    cluster = read_cluster(document)
    found = refresh(cluster, nodes, grouping=Grouping() if add else None)
    content, problems = rewritten(text.encode(), cluster, list(found.operations))
    assert problems == []
    assert content is not None
    after = content.decode()
    assert re.findall(r"# c\d+ \u00e9\U0001f600 {\[&\*", after) == comments
    ending = "\r\n" if "\r\n" in text else "\n"
    assert after.count(ending) == after.count("\n")
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    # What is about no value that nodes have an opinion on is there as it was, in its order.
    opinions = re.compile("{name: np|nodes|allocatable|taints|kubernetesVersion")
    kept = [line for line in text.split(ending) if line.strip() and not opinions.search(line)]
    remaining = iter(after.split(ending))
    assert [line for line in kept if line not in remaining] == []

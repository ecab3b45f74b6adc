"""Workloads in Git against the clusters: denials, warnings, and one finding for all clusters where it is the same."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.manifests import placing
from compiler.manifests.inventory import Inventory, take_stock
from compiler.manifests.placing import place
from compiler.pipeline import Result
from compiler.report import text
from compiler.source import Document
from compiler.trial import Bench, Sent
from webhook.engine.decision import Decision

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: nginx}]}
"""


class _Denying(Bench):
    """A bench whose engine denies everything, for one reason and with one warning."""

    def decide(self, sent: Sent, namespace: str, labels: dict[str, str] | None = None) -> Decision:
        assert sent.pod["spec"]
        assert (namespace, labels) == ("shop", None)
        return Decision([], None, ("web",), "web", "", [], ["be careful"], ("hostPath is not supported", "nor is hostNetwork"))


@pytest.fixture
def inventory(parse: Callable[[str], list[Document]]) -> Inventory:
    """Return an inventory of one Deployment."""
    found, diagnostics = take_stock(parse(WEB))
    assert diagnostics == []
    return found


def test_denial_is_an_error_where_the_manifest_stands(
    inventory: Inventory, compiled: Callable[[Mapping[str, str]], Result], minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workload whose pods would be denied gets no patch and one error with the reasons, for all clusters together."""
    other = minimal["clusters/idc.yaml"].replace("{name: idc}", "{name: other}", 1)
    clusters = compiled({**minimal, "clusters/other.yaml": other}).clusters
    monkeypatch.setattr(placing, "Bench", _Denying)
    placed, diagnostics = place(inventory, clusters)
    assert placed.patches == {"idc": (), "other": ()}
    assert text.concise(diagnostics) == (
        "test.yaml:3:18: error[OB8105]: the pods of Deployment `shop/web` would be denied on clusters `idc`, `other`\n"
        "test.yaml:3:18: warning[OB8106]: the pods of Deployment `shop/web`: be careful\n"
    )
    reasons, clusters_ = [each.notes for each in diagnostics]
    assert reasons == ("hostPath is not supported", "nor is hostNetwork")
    assert clusters_ == ("on clusters `idc`, `other`",)


def test_denial_fails_the_build(
    compiled: Callable[[Mapping[str, str]], Result], minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is rendered while a workload in Git would be denied."""
    monkeypatch.setattr(placing, "Bench", _Denying)
    files = {**minimal, "apps/web.yaml": WEB}
    files["overbank.yaml"] = files["overbank.yaml"].replace("{}", '{workloads: ["apps/"]}')
    result = compiled(files)
    assert result.failed
    assert result.files == {}


def test_workloads_are_defaulted_once_for_clusters_that_make_the_same_pods(
    inventory: Inventory, compiled: Callable[[Mapping[str, str]], Result], minimal: dict[str, str]
) -> None:
    """However many clusters there are, a template is read once for every set of labels that controllers give."""
    versions = {"a": "1.30", "b": "1.31", "c": "1.26", "d": "1.20"}
    clusters = {
        f"clusters/{name}.yaml": minimal["clusters/idc.yaml"]
        .replace("{name: idc}", f"{{name: {name}}}", 1)
        .replace("1.30", version)
        for name, version in versions.items()
    }
    found = compiled({**minimal, **clusters})
    (workload,) = inventory.workloads
    seen: set[Any] = {id(workload.templates(cluster.kubernetes)) for cluster in found.clusters}
    assert len(seen) == 2

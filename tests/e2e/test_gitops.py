"""What `overbank build` writes, applied as docs/gitops.md says: accepted, settled after one apply, and gone without harm."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.controlplane.client import JSON_PATCH, ApiError, Object, path_of
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until

REPOSITORIES = (".", "examples/gpu-inference", "examples/training", "examples/web-application")
KEPT = {"Namespace"}
LABEL = "alibabacloud.com/eci"
POLICY = "ValidatingAdmissionPolicy"


@pytest.fixture
def applied(kubectl: Callable[..., Any], cluster: Cluster) -> Iterator[Callable[[Path], list[Object]]]:
    """Return a function that applies a folder by ``kubectl apply --server-side -k`` and returns all its objects as they are then.

    Namespaces that the objects are in are made first, as docs/gitops.md asks for. What was applied is deleted after the test, but
    namespaces.
    """
    everything: dict[str, Object] = {}

    def apply(folder: Path) -> list[Object]:
        for manifest in _manifests(folder):
            if "namespace" in manifest["metadata"]:
                cluster.standing(manifest["metadata"]["namespace"])
        ran = kubectl("apply", "--server-side", "--validate=strict", "-k", folder)
        assert ran.returncode == 0, ran.stderr
        assert "Warning" not in ran.stderr
        # A controller notes in the status of a policy that its expressions were checked.
        until(
            lambda: all(_examined(cluster.again(each)) for each in _manifests(folder) if each["kind"] == POLICY),
            "policies are checked",
        )
        found = [cluster.again(manifest) for manifest in _manifests(folder)]
        everything.update({path_of(each): each for each in found})
        return found

    yield apply
    for each in everything.values():
        if each["kind"] not in KEPT:
            cluster.api.delete(each)


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_every_folder_is_accepted_and_a_second_apply_changes_nothing(
    repository: str, sample: Path, built: Callable[[Path], Path], applied: Callable[[Path], list[Object]]
) -> None:
    """Each cluster's and host's folder applies without a warning; applied again, every object keeps its resourceVersion."""
    rendered = built(sample / repository)
    folders = sorted(path.parent for path in rendered.glob("*/*/kustomization.yaml"))
    assert folders
    for folder in folders:
        first = applied(folder)
        assert first
        again = applied(folder)
        assert [_version(each) for each in again] == [_version(each) for each in first]


def test_an_apply_leaves_the_authority_that_the_webhook_filled_in(
    sample: Path, built: Callable[[Path], Path], plane: Plane, cluster: Cluster, applied: Callable[[Path], list[Object]]
) -> None:
    """``caBundle`` is not in the files, so an apply neither takes it away nor complains; and it is no change of the object."""
    folder = built(sample) / "clusters" / "ack-poc"
    (configuration,) = [each for each in applied(folder) if each["kind"] == "MutatingWebhookConfiguration"]
    trusted = base64.b64encode(plane.authority.certificate.read_bytes()).decode()
    places = range(len(configuration["webhooks"]))
    patch = [{"op": "add", "path": f"/webhooks/{place}/clientConfig/caBundle", "value": trusted} for place in places]
    filled = cluster.api.patch(configuration, patch, JSON_PATCH)
    (again,) = [each for each in applied(folder) if each["kind"] == "MutatingWebhookConfiguration"]
    assert [each["clientConfig"].get("caBundle") for each in again["webhooks"]] == [trusted] * len(places)
    assert _version(again) == _version(filled)


def test_client_side_apply_is_accepted_as_well(
    sample: Path,
    built: Callable[[Path], Path],
    cluster: Cluster,
    kubectl: Callable[..., Any],
    applied: Callable[[Path], list[Object]],
) -> None:
    """A plain ``kubectl apply -k`` works for small bundles; who applies server-side first has nothing to resolve afterwards."""
    folder = built(sample) / "clusters" / "vke-poc1"
    applied(folder)
    for _ in range(2):
        ran = kubectl("apply", "-k", folder)
        assert ran.returncode == 0, ran.stderr
    assert "configured" not in ran.stdout
    for manifest in _manifests(folder):
        assert cluster.again(manifest)["kind"] == manifest["kind"]


def test_golden_objects_have_no_field_that_a_server_does_not_know(golden: Path, cluster: Cluster) -> None:
    """Every object of every golden case passes a strict dry run, against the vendors' kinds as far as their schemas are known."""
    seen = set()
    for path in sorted(golden.glob("*/expected/*/*/**/*.yaml")):
        manifest = yaml.safe_load(path.read_bytes())
        if (
            not isinstance(manifest, dict)
            or manifest.get("kind") in {None, "Kustomization", "Component"}
            or "components" in path.parts
        ):
            continue
        namespace = manifest["metadata"].get("namespace")
        if namespace:
            cluster.standing(namespace)
        query = {"fieldManager": "golden", "fieldValidation": "Strict", "dryRun": "All", "force": "true"}
        try:
            cluster.api.request("PATCH", path_of(manifest), manifest, query=query, content="application/apply-patch+yaml")
        except ApiError as error:
            pytest.fail(f"{path.relative_to(golden)}: {error}")
        assert cluster.api.warnings == [], path
        seen.add((manifest["apiVersion"], manifest["kind"]))
    assert len(seen) >= 7


def test_taking_a_namespace_label_away_never_deletes_the_namespace(
    sample: Path,
    built: Callable[[Path], Path],
    cluster: Cluster,
    kubectl: Callable[..., Any],
    applied: Callable[[Path], list[Object]],
) -> None:
    """Whoever applies the tree without the file afterwards, pruning by label as kubectl does, keeps namespace, labels and pods."""
    rendered = built(sample) / "clusters" / "idc-zhangjiakou"
    cluster.standing("ci")
    people = kubectl("label", "namespace", "ci", "team=web", "--overwrite")
    assert people.returncode == 0, people.stderr
    applied(rendered)
    before = cluster.api.read("Namespace", "ci")
    assert before["metadata"]["labels"] | {LABEL: "true", "team": "web"} == before["metadata"]["labels"]
    kustomization = rendered / "kustomization.yaml"
    content = yaml.safe_load(kustomization.read_bytes())
    content["resources"].remove("_cluster/namespace-ci.yaml")
    kustomization.write_text(yaml.safe_dump(content))
    kinds = ["core/v1/ConfigMap", "core/v1/Namespace", "scheduling.alibabacloud.com/v1alpha1/ResourcePolicy"]
    pruned = [f"--prune-allowlist={kind}" for kind in kinds]
    # kubectl prunes what it remembers to have applied, so it has to be client-side here.
    ran = kubectl("apply", "-k", rendered, "--prune", "-l", "app.kubernetes.io/managed-by=overbank", *pruned)
    assert ran.returncode == 0, ran.stderr
    after = cluster.api.read("Namespace", "ci")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert "deletionTimestamp" not in after["metadata"]
    taken = kubectl("label", "namespace", "ci", f"{LABEL}-")
    assert taken.returncode == 0, taken.stderr
    assert LABEL not in cluster.api.read("Namespace", "ci")["metadata"]["labels"]


def test_the_namespace_label_leaves_labels_of_others_alone(
    sample: Path, built: Callable[[Path], Path], cluster: Cluster, applied: Callable[[Path], list[Object]]
) -> None:
    """Of the namespace, the apply owns the label and the annotations for tools, and nothing else."""
    cluster.standing("ci", {"team": "web"})
    (namespace,) = [each for each in applied(built(sample) / "clusters" / "idc-zhangjiakou") if each["kind"] == "Namespace"]
    owned = [each for each in namespace["metadata"]["managedFields"] if each["manager"] == "kubectl"]
    fields = [json.loads(json.dumps(each["fieldsV1"]))["f:metadata"] for each in owned if each["operation"] == "Apply"]
    assert [sorted(each["f:labels"]) for each in fields] == [[f"f:{LABEL}"]]
    assert namespace["metadata"]["labels"]["team"] == "web"


def _manifests(folder: Path) -> list[Object]:
    listed = yaml.safe_load((folder / "kustomization.yaml").read_bytes()).get("resources", [])
    return [yaml.safe_load((folder / path).read_bytes()) for path in listed]


def _examined(policy: Object) -> bool:
    return bool(policy.get("status", {}).get("observedGeneration") == policy["metadata"]["generation"])


def _version(stored: Object) -> tuple[str, str, str]:
    metadata = stored["metadata"]
    return path_of(stored), metadata["uid"], metadata["resourceVersion"]

"""``overbank lint``: what is wrong with webhook configurations of anybody, and nothing with those that Overbank derives."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from compiler.lint import examine
from compiler.load import decode, load
from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from compiler.versions import Version

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "deploy" / "kustomize" / "base"
GOLDEN = ROOT / "tests" / "golden"

Object = dict[str, Any]
Read = Callable[..., Any]

GOOD: Object = {
    "name": "pods.example.com",
    "admissionReviewVersions": ["v1"],
    "clientConfig": {"service": {"namespace": "hooks", "name": "hook", "port": 443}},
    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "Namespaced"}],
    "namespaceSelector": {
        "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "kube-node-lease", "hooks"]}
        ]
    },
    "objectSelector": {"matchLabels": {"app": "web"}},
    "sideEffects": "None",
    "failurePolicy": "Ignore",
    "timeoutSeconds": 2,
}


def _rule(**fields: Any) -> Object:
    return {"rules": [{**GOOD["rules"][0], **fields}]}


def _namespaces(*expressions: Object, **labels: str) -> Object:
    return {"namespaceSelector": {"matchExpressions": list(expressions), "matchLabels": labels}}


BAD: list[tuple[str, Object, str]] = [
    ("OB5401", _rule(resources=["*"]), "is called for `*` of `resources`"),
    ("OB5401", _rule(apiGroups=["*"], operations=["*"]), "`*` of `apiGroups`, `operations`"),
    ("OB5401", _rule(resources=["pods/*"]), "`*` of `resources`"),
    ("OB5402", _rule(operations=["CREATE", "UPDATE"]), "called for pods at `UPDATE` too"),
    ("OB5402", _rule(resources=["pods", "pods/ephemeralcontainers"]), "called for `pods/ephemeralcontainers`"),
    ("OB5403", {"namespaceSelector": {}}, "called for `hooks`, `kube-node-lease`, `kube-system`"),
    (
        "OB5403",
        _namespaces({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "hooks"]}),
        "kube-node-lease",
    ),
    ("OB5404", _namespaces({"key": "control-plane", "operator": "DoesNotExist"}), "only where they carry `control-plane`"),
    ("OB5405", _rule(apiGroups=["coordination.k8s.io"], resources=["leases"]), "objects of `coordination.k8s.io`"),
    ("OB5406", {"objectSelector": {}}, "nothing keeps objects"),
    ("OB5407", {"matchPolicy": "Exact"}, "does not see requests of other API versions"),
    ("OB5408", {"sideEffects": "Some"}, "has sideEffects Some"),
    ("OB5408", {"sideEffects": None}, "does not say what side effects it has"),
    ("OB5409", {"timeoutSeconds": 30}, "may take 30 seconds"),
    ("OB5409", {"timeoutSeconds": None}, "may take 10 seconds, the default"),
    ("OB5410", {"failurePolicy": "Fail"}, "is refused"),
    ("OB5410", {"failurePolicy": None}, "is refused"),
    ("OB5411", {"admissionReviewVersions": ["v1beta1"]}, "does not take reviews of v1"),
    ("OB5412", {"clientConfig": {**GOOD["clientConfig"], "caBundle": "Cg=="}}, "has no certificate"),
    ("OB5412", {"clientConfig": {**GOOD["clientConfig"], "caBundle": "@@"}}, "is no base64 of PEM"),
    ("OB5413", {"reinvocationPolicy": "IfNeeded"}, "is called again"),
    ("OB5414", {"clientConfig": {"url": "https://hook.example.com"}}, "reached at an address"),
]


@pytest.fixture
def lint(parse: Read) -> Callable[..., list[tuple[str, str]]]:
    """Return a function that gives the codes and messages for manifests."""

    def found(*manifests: Object) -> list[tuple[str, str]]:
        _, diagnostics = examine(parse("\n---\n".join(json.dumps(each) for each in manifests)))
        return [(each.code.id, each.message) for each in diagnostics]

    return found


def _configuration(*webhooks: Object) -> Object:
    kept = [{key: value for key, value in {**GOOD, **each}.items() if value is not None} for each in webhooks]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "example"},
        "webhooks": kept,
    }


def _certificate(*, authority: bool | None) -> str:
    """Return a certificate as caBundle has it; ``authority`` is None for one without basic constraints."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook.hooks.svc")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=9999))
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return base64.b64encode(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)).decode()


@pytest.mark.parametrize("case", sorted(path.parent.name for path in GOLDEN.glob("*/expected")))
def test_what_overbank_derives_is_good(case: str) -> None:
    """No configuration has an error, but where the author includes system namespaces; before 1.21 they can be excluded by label only."""
    result = compile_repository(Tree(GOLDEN / case / "input"))
    for ir in result.clusters:
        path = f"clusters/{ir.name}/_cluster/mutatingwebhookconfiguration.admissionregistration.k8s.io-00-overbank.yaml"
        if path in result.files:
            told = {"OB5404"} if ir.kubernetes < Version.parse("1.21") else set()
            if not {"kube-system", "kube-node-lease"} <= set(ir.bundle.excluded_namespaces):
                told = {"OB5403", "OB5404"}
            _assert_good(result.files[path], told)


def _assert_good(content: bytes, told: set[str]) -> None:
    file, _ = decode("webhooks.yaml", content)
    assert file is not None
    number, diagnostics = examine(load(file)[0])
    assert number == 2
    assert {each.code.id for each in diagnostics} <= {"OB5406", "OB5410"} | told


def test_a_good_one_is_good(lint: Callable[..., list[tuple[str, str]]]) -> None:
    """Nothing is said of a webhook that follows the practice."""
    assert lint(_configuration({})) == []


@pytest.mark.parametrize(("code", "change", "message"), BAD)
def test_one_fault_is_one_finding(code: str, change: Object, message: str, lint: Callable[..., list[tuple[str, str]]]) -> None:
    """Each departure from the practice is found by itself, and the message names the webhook and what is wrong."""
    (found,) = lint(_configuration(change))
    assert found[0] == code
    assert "webhook pods.example.com" in found[1]
    assert message in found[1]


@pytest.mark.parametrize(("authority", "faults"), [(True, []), (False, ["OB5412"]), (None, ["OB5412"])])
def test_certificates_in_ca_bundle_are_authorities(
    authority: bool | None,  # noqa: FBT001
    faults: list[str],
    lint: Callable[..., list[tuple[str, str]]],
) -> None:
    """A caBundle with the certificate that the webhook itself serves works only until that is renewed."""
    client = {**GOOD["clientConfig"], "caBundle": _certificate(authority=authority)}
    assert [code for code, _ in lint(_configuration({"clientConfig": client}))] == faults


@pytest.mark.parametrize(
    "change",
    [
        _namespaces({"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop"]}),
        _namespaces({"key": "inject", "operator": "Exists"}),
        _namespaces(inject="true"),
        {**_rule(scope="Cluster", resources=["nodes"]), "namespaceSelector": {}},
        {
            "namespaceSelector": {},
            "matchConditions": [
                {"name": "x", "expression": "!(request.namespace in ['kube-system', \"kube-node-lease\", 'hooks'])"}
            ],
        },
        {"objectSelector": {}, "matchConditions": [{"name": "x", "expression": "true"}]},
        {"sideEffects": "NoneOnDryRun", "matchPolicy": "Equivalent", "reinvocationPolicy": "Never"},
    ],
)
def test_other_ways_to_be_good(change: Object, lint: Callable[..., list[tuple[str, str]]]) -> None:
    """Namespaces may opt in instead of out, or be told apart in conditions; objects of the cluster have none."""
    assert lint(_configuration(change)) == []


def test_the_manifests_of_this_repository_are_good(lint: Callable[..., list[tuple[str, str]]], parse: Read) -> None:
    """The Deployment in deploy/ outlives a node, and its roles are guarded; without budget, spread, priority or replicas it would not."""
    manifests = [document.value for path in sorted(BASE.glob("*-*.yaml")) for document in parse(path.read_text())]
    ours = {**GOOD["clientConfig"], "service": {"namespace": "overbank-system", "name": "overbank-webhook"}}
    configuration = _configuration({"clientConfig": ours, **_namespaces({"key": "inject", "operator": "Exists"})})
    assert lint(configuration, *manifests) == []
    for each in manifests:
        if each["kind"] == "Deployment":
            del each["spec"]["replicas"], each["spec"]["template"]["spec"]["topologySpreadConstraints"]
            del each["spec"]["template"]["spec"]["priorityClassName"]
    messages = [
        message for code, message in lint(configuration, *(each for each in manifests if each["kind"] != "PodDisruptionBudget"))
    ]
    assert len(messages) == 4
    assert "Deployment overbank-webhook has 1 replica" in messages


def test_roles_over_every_configuration_are_found(lint: Callable[..., list[tuple[str, str]]]) -> None:
    """A role that may write all webhook configurations is told of; one that may only read, or is bound to names, is not."""
    rule = {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["mutatingwebhookconfigurations"]}
    for verbs, names, found in (
        (["get", "patch"], [], 1),
        (["*"], [], 1),
        (["get", "list"], [], 0),
        (["patch"], ["00-overbank"], 0),
    ):
        role = {"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [{**rule, "verbs": verbs, "resourceNames": names}]}
        assert [code for code, _ in lint(role)] == ["OB5415"] * found


def test_shapes_that_no_api_server_takes_do_no_harm(lint: Callable[..., list[tuple[str, str]]]) -> None:
    """Anything may stand in any field; the linter says what it can and does not fall over."""
    for value in (None, 0, "x", [], {}, [None], [{"a": [1]}], {"matchExpressions": [None, {"operator": 3}]}):
        for field in (*GOOD, "matchConditions", "matchPolicy", "reinvocationPolicy"):
            lint(_configuration({field: value} if value is not None else {}))
        lint({**_configuration({}), "webhooks": value})
        lint({"apiVersion": "v1", "kind": "List", "items": value}, {"kind": "ClusterRole", "rules": value})


def test_the_command_says_where(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """Findings are frames of the given file on stdout; errors end with 1, warnings with 0, and nothing to look at with 3."""
    path = tmp_path / "hook.yaml"
    path.write_text(
        json.dumps(
            {"kind": "List", "apiVersion": "v1", "items": [_configuration({"sideEffects": "Some", "timeoutSeconds": 9})]}, indent=1
        )
    )
    outcome = cli("lint", path, "--format", "concise")
    assert outcome.code == 1
    assert "hook.yaml:" in outcome.out
    assert "error[OB5408]" in outcome.out
    assert outcome.err == "1 error, 1 warning in 1 webhook\n"
    path.write_text(json.dumps(_configuration({"timeoutSeconds": 9})))
    assert cli("lint", path).code == 0
    path.write_text("kind: Pod\n")
    assert cli("lint", path).code == 3
    assert cli("lint", tmp_path / "absent.yaml").code == 2
    path.write_text("a: [")
    assert cli("lint", path).code == 1

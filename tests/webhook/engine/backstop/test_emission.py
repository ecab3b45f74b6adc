"""What is emitted: the emergency switch, the author's choice, versions, odd keys and many policies."""

from dataclasses import replace

import msgspec
import pytest
import yaml

from compiler.emit import backstop
from compiler.model import Backstop
from tests.webhook.engine.backstop.reports import emitted_policy, reports_of
from tests.webhook.engine.backstop.web import EVERYTHING, web_pod, web_policy
from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit, MakeIR
from webhook.engine.fields import Fields
from webhook.engine.selector import Operator, Requirement, Selector


@pytest.mark.parametrize(
    ("off", "reported"),
    [("", ["p", "p-2"]), ("p", ["p-2"]), ("- 'p-2'\n", ["p"]), ("a, p;b p-2", []), ("*", []), ("pp\nx-p", ["p", "p-2"])],
)
def test_what_the_emergency_switch_names_is_not_reported(off: str, reported: list[str], cluster_ir: MakeIR) -> None:
    """Whoever switches a policy off is not told that its mutation is missing; with `deny`, pods would be kept out."""
    ir = cluster_ir(bundle_of(web_policy("p", inject=EVERYTHING), web_policy("p-2", inject=EVERYTHING)))
    assert [each.split(":")[0].split()[-1] for each in reports_of(ir, web_pod(), "shop", {}, off)] == reported


@pytest.mark.parametrize(
    ("choice", "actions"), [("audit", ["Audit"]), ("warn", ["Warn", "Audit"]), ("deny", ["Deny", "Audit"]), ("off", None)]
)
def test_the_author_chooses_what_becomes_of_such_pods(choice: str, actions: list[str] | None, cluster_ir: MakeIR) -> None:
    """The binding has the actions of the choice; `off` writes nothing."""
    ir = cluster_ir(bundle_of(web_policy(inject=EVERYTHING)))
    chosen = msgspec.structs.replace(ir.webhook, backstop=Backstop(choice))
    files = backstop.emit(replace(ir, webhook=chosen))
    bindings = [found for each in files.values() if (found := yaml.safe_load(each))["kind"] == backstop.BINDING]
    assert [each["spec"]["validationActions"] for each in bindings] == ([actions] if actions else [])


@pytest.mark.parametrize(("kubernetes", "files"), [("1.28", 0), ("1.29.9", 0), ("1.30", 3), ("1.36", 3)])
def test_versions_that_do_not_serve_it_get_nothing(kubernetes: str, files: int, cluster_ir: MakeIR) -> None:
    """The stable API is there from 1.30 on."""
    assert len(backstop.emit(cluster_ir(bundle_of(web_policy(inject=EVERYTHING)), kubernetes))) == files


def test_hostile_keys_are_quoted(cluster_ir: MakeIR, admit: Admit) -> None:
    """Keys and values with quotes, backslashes and escapes mean themselves in CEL."""
    key, value = 'a~1/"b\\', "'\\n\"~0"
    pods = Selector.of(None, (Requirement(key, Operator.IN, (value,)),))
    bundle = bundle_of(web_policy(pods=pods, inject=Fields(annotations={key: value})))
    pod = {"metadata": {"labels": {key: value}}, "spec": {"containers": [{}]}}
    assert len(reports_of(cluster_ir(bundle), pod, "shop", {})) == 1
    assert reports_of(cluster_ir(bundle), admit(bundle, pod, "shop", {}).after, "shop", {}) == []


def test_thousands_of_policies_fit(cluster_ir: MakeIR) -> None:
    """The object stays below what etcd takes, each expression below what the API server takes, and the first policies are those that count."""
    policies = [web_policy(f"p-{number:05}", f"app-{number}", inject=EVERYTHING) for number in range(1200)]
    policies.insert(
        0,
        web_policy(
            "p-0",
            pods=Selector.of(None, (Requirement("app", Operator.IN, tuple("x" * 60 + f"{n:05}" for n in range(3000))),)),
            inject=EVERYTHING,
        ),
    )
    ir = cluster_ir(bundle_of(*policies))
    files = backstop.emit(ir)
    assert sum(map(len, files.values())) < 1_000_000
    spec = emitted_policy(ir)
    assert 200 < len(spec["validations"]) <= 500
    assert max(len(each["expression"]) for each in spec["validations"]) < 100_000
    assert spec["validations"][0]["message"].startswith("overbank policy p-00000:")

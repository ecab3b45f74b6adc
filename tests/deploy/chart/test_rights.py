"""What the webhook may do, and whom it may talk to."""

from collections.abc import Callable
from typing import Any

from tests.deploy.chart.objects import COMBINATIONS, one
from webhook.certificates.keeper import VERBS

Object = dict[str, Any]
Render = Callable[..., list[Object]]


def _rules(objects: list[Object], kind: str) -> list[Object]:
    return [rule for each in objects if each["kind"] == kind for rule in each["rules"]]


def test_rights_are_for_names_wherever_they_can_be(render: Render, values: Object) -> None:
    """No wildcard, no right on what is not needed; what may be changed has a name, but for what is created."""
    objects = render(values)
    for rule in [*_rules(objects, "Role"), *_rules(objects, "ClusterRole")]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert "resourceNames" in rule or set(rule["verbs"]) <= {"create"} or rule["resources"] in (["namespaces"], ["configmaps"])
        assert rule["resources"] != ["configmaps"] or set(rule["verbs"]) <= {"get", "list", "watch"}
    assert all(rule["resources"] != ["secrets"] for rule in _rules(objects, "ClusterRole"))


def test_rights_on_certificates_are_what_the_keeper_asks_for(render: Render) -> None:
    """Each verb on Secrets and configurations is one that the webhook's code names, and none of those is missing."""
    rules = [*_rules(render({}), "Role"), *_rules(render({}), "ClusterRole")]
    given: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        given.setdefault((rule["apiGroups"][0], rule["resources"][0]), set()).update(rule["verbs"])
    assert {key: given[key] for key in VERBS} == dict(VERBS)


def test_rights_follow_what_is_switched_on(render: Render) -> None:
    """Each feature brings its own rights; with none of them there are no rights, no token and no way out."""
    mounted = render(COMBINATIONS["everything mounted"])
    assert _rules(mounted, "Role") == _rules(mounted, "ClusterRole") == []
    assert one(mounted, "Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
    assert one(mounted, "NetworkPolicy")["spec"].get("egress") == []
    namespaces = render(COMBINATIONS["only namespaces are watched"])
    assert _rules(namespaces, "Role") == []
    assert [rule["verbs"] for rule in _rules(namespaces, "ClusterRole")] == [["get"], ["list", "watch"]]
    own = render(COMBINATIONS["a mounted bundle beside a certificate of its own"])
    assert {rule["resources"][0] for rule in _rules(own, "Role")} == {"secrets"}
    watched = render(COMBINATIONS["a watched bundle beside a mounted certificate"])
    assert {rule["resources"][0] for rule in _rules(watched, "Role")} == {"configmaps", "events"}
    assert all("mutatingwebhookconfigurations" not in rule["resources"] for rule in _rules(watched, "ClusterRole"))
    assert one(watched, "Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is True


def test_the_network_policy_names_api_servers_where_they_are_known(render: Render) -> None:
    """By default the admission port is open to everybody and the way out to API servers and DNS only; addresses narrow both."""
    policy = one(render({}), "NetworkPolicy")["spec"]
    assert policy["ingress"][0] == {"ports": [{"port": "admission", "protocol": "TCP"}]}
    assert [port["port"] for each in policy["egress"] for port in each["ports"]] == [443, 6443, 53, 53]
    known = one(render({"networkPolicy": {"apiServerCidrs": ["10.0.0.10/32"]}}), "NetworkPolicy")["spec"]
    assert known["ingress"][0]["from"] == known["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.0.0.10/32"}}]

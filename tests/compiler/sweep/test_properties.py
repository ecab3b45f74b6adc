"""Sweeps, for any policies and pods: what is right is never called wrong, and what is wrong is never called right."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compiler.observed.objects import Kind, Objects
from compiler.pipeline import Result
from compiler.sweep.sweeping import sweep
from compiler.sweep.verdict import Verdict
from compiler.trial import Bench
from tests.examples import examples

Object = dict[str, Any]

_values = st.sampled_from(["a", "b"])
_inject = st.fixed_dictionaries(
    {},
    optional={
        "labels": st.fixed_dictionaries({"team": _values}),
        "annotations": st.fixed_dictionaries({}, optional={"note": _values, "other": _values}),
        "tolerations": st.lists(
            st.builds(lambda value: {"key": "dedicated", "operator": "Equal", "value": value, "effect": "NoSchedule"}, _values),
            max_size=2,
            unique_by=lambda each: each["value"],
        ),
        "nodeSelector": st.fixed_dictionaries({"zone": _values}),
        "priorityClassName": st.sampled_from(["high", "low"]),
    },
)
_pools = st.sampled_from([[], [{"name": "idc"}, {"name": "serverless"}], [{"name": "cloud"}], [{"name": "serverless"}]])
_policy = st.fixed_dictionaries(
    {"inject": _inject, "merge": st.sampled_from(["keep", "override"]), "audit": st.booleans(), "some": st.booleans()}
)
_template = st.fixed_dictionaries(
    {},
    optional={
        "annotations": st.fixed_dictionaries({}, optional={"note": st.sampled_from(["a", "mine"])}),
        "nodeSelector": st.fixed_dictionaries({"zone": st.sampled_from(["a", "mine"])}),
        "priorityClassName": st.sampled_from(["high", "mine"]),
        "schedulerName": st.just("mine"),
        "team": st.just("mine"),
    },
)


@st.composite
def _documents(draw: st.DrawFn) -> str:
    documents = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(["first", "second"]), unique=True))):
        policy = draw(_policy)
        pools = draw(_pools) if number == 0 else []
        assume(pools or policy["inject"])
        spec: Object = {
            "match": {
                "clusters": {"names": ["idc"]},
                "namespaces": {"names": ["shop"]},
                "pods": {"matchLabels": {"app": "web"}},
            },
            "priority": 10 * (number + 1),
            "merge": policy["merge"],
            "mode": "audit" if policy["audit"] else "enforce",
            "rollout": {"percentage": 50 if policy["some"] else 100},
        }
        if pools:
            spec["pools"] = pools
        if any(policy["inject"].values()):
            spec["inject"] = {key: value for key, value in policy["inject"].items() if value}
        documents.append({"apiVersion": "overbank.dev/v1alpha1", "kind": "BurstPolicy", "metadata": {"name": name}, "spec": spec})
    return yaml.safe_dump_all(documents)


def _pod_template(drawn: Object) -> Object:
    labels = {"app": "web"} | ({"team": drawn["team"]} if "team" in drawn else {})
    metadata = {"labels": labels} | ({"annotations": drawn["annotations"]} if "annotations" in drawn else {})
    spec = {key: drawn[key] for key in ("nodeSelector", "priorityClassName", "schedulerName") if key in drawn}
    return {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "web"}], **spec}}


def _bench(result: Result) -> Bench:
    return Bench(result.clusters[0])


def _outcome(pod: Object) -> str:
    """Write a pod without the annotation that says whose values it has, lists in no order."""
    annotations = {key: value for key, value in pod["metadata"].get("annotations", {}).items() if key != "overbank.dev/applied"}
    labels = pod["metadata"].get("labels", {})
    spec = dict(pod["spec"])
    spec["tolerations"] = sorted(json.dumps(each, sort_keys=True) for each in spec.get("tolerations", []))
    return json.dumps([labels, annotations, {key: value for key, value in spec.items() if value}], sort_keys=True)


Compile = Callable[[Path, dict[str, str]], Result]
Inject = Callable[[Object], Object]
_slow = settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@_slow
@given(policies=_documents(), drawn=_template)
def test_pods_of_today_are_as_they_should_be(
    *, policies: str, drawn: Object, minimal: dict[str, str], repository_of: Compile, maker: Any, inject: Inject
) -> None:
    """What today's engine makes is no finding, bound or waiting, with a mesh's sidecars or without, template at hand or not."""
    with tempfile.TemporaryDirectory() as folder:
        result = repository_of(Path(folder), {**minimal, "burst/web.yaml": policies})
        assume(not result.failed and result.model is not None)
        bench = _bench(result)
        for node in ("n1", ""):
            made = maker(bench).deployment("shop", "web", _pod_template(drawn), replicas=2, node=node)
            assume(not bench.admit(made[-1], "shop").decision.denied)
            made[-1] = inject(made[-1])
            for objects in (made, [each for each in made if each["kind"] == "Pod"]):
                known = Objects()
                known.add(objects)
                found = sweep(result.model.clusters[0], bench, known)
                assert not [each for each in found.pods if each.verdict.is_finding], found.pods
                if objects is made:
                    assert {each.verdict for each in found.pods} <= {Verdict.RIGHT, Verdict.UNCONCERNED}


@_slow
@given(before=_documents(), after=_documents(), drawn=_template, meshed=st.booleans())
def test_pods_of_yesterday_are_findings_where_the_outcome_differs(
    *,
    before: str,
    after: str,
    drawn: Object,
    meshed: bool,
    minimal: dict[str, str],
    repository_of: Compile,
    maker: Any,
    inject: Inject,
) -> None:
    """With the policies of then, exactly those are named; without them none is named wrongly, and none passes for right."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        old = repository_of(Path(first), {**minimal, "burst/web.yaml": before})
        new = repository_of(Path(second), {**minimal, "burst/web.yaml": after})
        assume(not old.failed and not new.failed and new.model is not None)
        then, now = _bench(old), _bench(new)
        made = maker(None).deployment("shop", "web", _pod_template(drawn))
        sent = {key: value for key, value in made[-1].items() if key != "status"}
        sent["spec"] = {key: value for key, value in sent["spec"].items() if key != "nodeName"}
        was, would = then.admit(sent, "shop"), now.admit(sent, "shop")
        assume(not was.decision.denied)
        live = {**was.after, "spec": {**was.after["spec"], "nodeName": "n1"}, "status": made[-1]["status"]}
        known = Objects()
        known.add([*made[:-1], inject(live) if meshed else live])
        differs = bool(would.decision.denied) or _outcome(was.after) != _outcome(would.after)
        (informed,) = sweep(new.model.clusters[0], now, known, then=then).pods
        assert informed.verdict.is_finding == differs, informed
        alone = Objects()
        alone.add(known.of(Kind("Pod")))
        for objects in (known, alone):
            (uninformed,) = sweep(new.model.clusters[0], now, objects).pods
            if uninformed.verdict.is_finding:
                assert differs, uninformed
            elif differs:
                assert uninformed.verdict is Verdict.UNKNOWN, uninformed

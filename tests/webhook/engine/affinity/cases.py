"""Random pods and wishes, like each other so that terms meet."""

from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.webhook.engine.affinity.edits import as_json, require, term_of
from tests.webhook.engine.affinity.nodes import KEYS
from tests.webhook.engine.keys import PREFERRED, REQUIRED
from webhook.engine.affinity import Wishes
from webhook.engine.fields import NodeRequirement, NodeTerm, PreferredTerm


def _drawn_requirement(random: Random) -> NodeRequirement:
    key, operator = random.choice(KEYS), random.choice(("In", "In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
    values: list[str] = []
    if operator in ("In", "NotIn"):
        values = random.sample(("1", "5", "x"), random.choice((1, 1, 2, 3)))
    elif operator in ("Gt", "Lt"):
        values = [random.choice(("0", "1", "3", "5"))]
    return require(key, operator, *values)


def _drawn_field(random: Random) -> NodeRequirement:
    return require("metadata.name", random.choice(("In", "NotIn")), random.choice(("n1", "n2")))


def _drawn_term(random: Random) -> NodeTerm:
    fields = (_drawn_field(random),) if random.random() < 0.15 else ()
    most = 1 if fields or random.random() < 0.7 else 2
    requirements = {_drawn_requirement(random) for _ in range(random.randint(not fields, most))}
    return term_of(*requirements, fields=fields)


def _drawn_pod_term(random: Random) -> Any:
    """Draw a term of a pod: most are like those of policies, some empty, and some hold what the API server would refuse."""
    if random.random() < 0.15:
        return random.choice((None, {}, {"matchExpressions": []}, {"matchExpressions": None, "matchFields": []}))
    term = as_json(_drawn_term(random))
    if random.random() < 0.1:
        values = random.choice((None, [], ["-1"], ["\u0663"], ["1", "5"]))
        term["matchExpressions"] = [{"key": "a", "operator": random.choice(("In", "Exists", "Gt", "New")), "values": values}]
    if random.random() < 0.2:
        term.update({"matchFields": term.get("matchFields"), "future": {"of": "Kubernetes"}})
    return term


def _drawn_preference(random: Random) -> PreferredTerm:
    return PreferredTerm(random.randint(1, 100), _drawn_term(random))


def _drawn_pod(random: Random) -> dict[str, Any]:
    """Draw a pod: every object and list of it may be missing, null or empty, and mostly is there."""

    def rarely(usual: Any, *rare: Any) -> Any:
        return random.choice(rare) if random.random() < 0.1 else usual

    node_affinity: dict[str, Any] = {}
    if random.random() < 0.8:
        terms = [_drawn_pod_term(random) for _ in range(random.randint(1, 3))]
        node_affinity[REQUIRED] = rarely({"nodeSelectorTerms": rarely(terms, None, [])}, None, {})
    if random.random() < 0.5:
        node_affinity[PREFERRED] = rarely([as_json(_drawn_preference(random)) for _ in range(random.randint(0, 2))], None, [None])
    spec: dict[str, Any] = {}
    if random.random() < 0.85:
        spec["affinity"] = rarely({"nodeAffinity": rarely(node_affinity, None, {}), "podAffinity": {}}, None, {})
    if random.random() < 0.3:
        spec["nodeSelector"] = rarely({random.choice(KEYS): random.choice(("1", "5", "x"))}, None, {})
    return {"spec": spec}


def _drawn_wishes(random: Random) -> Wishes:
    conjuncts = [
        tuple(_drawn_term(random) for _ in range(random.choice((0, 1, 1, 2, 2, 2, 3)))) for _ in range(random.randint(0, 3))
    ]
    return Wishes(conjuncts, [_drawn_preference(random) for _ in range(random.randint(0, 2))])


# Drawn from a random generator rather than from nested strategies: those cut deep values short, and few cases have terms on both sides.
_RANDOM = st.randoms(use_true_random=True)
CASES = _RANDOM.map(lambda random: (_drawn_pod(random), _drawn_wishes(random)))

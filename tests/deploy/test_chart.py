"""The chart: what it renders is what Kubernetes takes, what the webhook's own code reads, and no more than it needs.

Objects are held against the classes of the Kubernetes client, which are generated from Kubernetes' OpenAPI document: every field exists,
has its type, and what is required is there. The end-to-end tests ask a real API server.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml
from kubernetes import client

from compiler.emit import bundle, gitops, webhook_config
from webhook.certificates.keeper import VERBS
from webhook.serving import SHUTDOWN_SECONDS
from webhook.settings import parse

CHART = Path(__file__).resolve().parent.parent.parent / "deploy" / "chart"
PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}

Object = dict[str, Any]
Render = Callable[..., list[Object]]

COMBINATIONS: dict[str, Object] = {
    "the defaults": {},
    "everything mounted": {
        "bundle": {"source": "mount"},
        "tls": {"source": "mounted", "secret": "from-cert-manager"},
        "watchNamespaces": False,
    },
    "mounted where API servers are known": {
        "bundle": {"source": "mount"},
        "tls": {"source": "mounted"},
        "watchNamespaces": False,
        "networkPolicy": {"apiServerCidrs": ["10.0.0.10/32", "fd00::/64"]},
    },
    "a mounted bundle beside a certificate of its own": {"bundle": {"source": "mount"}},
    "a watched bundle beside a mounted certificate": {"tls": {"source": "mounted"}, "watchNamespaces": False},
    "only namespaces are watched": {"bundle": {"source": "mount"}, "tls": {"source": "mounted"}},
    "everything that can be said": {
        "replicas": 5,
        "image": {"repository": "example.com:5000/a/b", "digest": f"sha256:{'0' * 64}", "pullSecrets": ["pull"]},
        "namespace": {"create": True},
        "cluster": {"name": "idc", "uid": "00000000-0000-4000-8000-000000000000"},
        "bundle": {"publicKeys": {"configMap": "keys", "files": ["old.pub", "new.pub"]}},
        "tls": {"clients": {"configMap": "clients", "names": ["kube-apiserver", "system:master"]}},
        "drainDelaySeconds": 7.5,
        "logDecisions": "all",
        "host": "::",
        "extraArgs": ["--body-timeout=5"],
        "priorityClassName": "",
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}],
        "podAnnotations": {"a": "1"},
        "podLabels": {"b": "2"},
        "networkPolicy": {
            "apiServerCidrs": ["10.0.0.10/32"],
            "monitoring": {"podSelector": {"matchLabels": {"app": "prometheus"}}},
        },
        "monitoring": {
            "serviceMonitor": {"enabled": True, "labels": {"c": "3"}},
            "prometheusRule": {"enabled": True},
            "dashboard": {"enabled": True},
        },
    },
    "no network policy": {"networkPolicy": {"enabled": False}, "nodeSelector": {"pool": "system"}},
}

REFUSED: dict[str, Object] = {
    "an unknown value": {"replica": 3},
    "an unknown value further down": {"tls": {"sercet": "a"}},
    "no replica": {"replicas": 0},
    "a choice that there is not": {"bundle": {"source": "git"}},
    "names of clients without their authorities": {"tls": {"clients": {"names": ["kube-apiserver"]}}},
    "keys without their ConfigMap": {"bundle": {"publicKeys": {"files": ["a.pub"]}}},
    "a ConfigMap of keys without any": {"bundle": {"publicKeys": {"configMap": "keys"}}},
    "an unreadable UID": {"cluster": {"uid": "42"}},
    "labels that belong to the chart": {"podLabels": {"app.kubernetes.io/name": "other"}},
    "a budget that lets nobody go": {"podDisruptionBudget": {"maxUnavailable": 0}},
    "no emergency switch": {"emergency": {"configMap": ""}},
    "no port of the API server": {"networkPolicy": {"apiServerPorts": []}},
}


@pytest.fixture
def run(helm: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that renders the chart with values."""

    def rendered(values: Object, kubernetes: str = "1.30") -> subprocess.CompletedProcess[str]:
        (tmp_path / "values.yaml").write_text(json.dumps(values))
        command = [helm, "template", "overbank", str(CHART), "-n", "overbank-system", "--kube-version", kubernetes]
        return subprocess.run([*command, "-f", str(tmp_path / "values.yaml")], capture_output=True, text=True, check=False)

    return rendered


@pytest.fixture
def render(run: Callable[..., subprocess.CompletedProcess[str]]) -> Render:
    """Return a function that gives the objects of the chart for values."""

    def objects(values: Object, kubernetes: str = "1.30") -> list[Object]:
        ran = run(values, kubernetes)
        assert ran.returncode == 0, ran.stderr
        return [each for each in yaml.safe_load_all(ran.stdout) if each]

    return objects


@pytest.fixture(params=list(COMBINATIONS))
def values(request: pytest.FixtureRequest) -> Object:
    """Return one combination of values."""
    return COMBINATIONS[request.param]


def _one(objects: list[Object], kind: str, name: str = webhook_config.SERVICE) -> Object:
    (found,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def _container(objects: list[Object]) -> Object:
    (container,) = _one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def _rules(objects: list[Object], kind: str) -> list[Object]:
    return [rule for each in objects if each["kind"] == kind for rule in each["rules"]]


def _model(api_version: str, kind: str) -> str | None:
    """Return the client's class of a kind."""
    group, _, version = api_version.rpartition("/")
    base = f"{version[0].upper()}{version[1:]}{kind}"
    return base if hasattr(client, base) and not group.endswith("coreos.com") else None


def _faults(value: Any, kind: str, where: str) -> Iterator[str]:
    """Yield what is wrong with a value by a type of the client: ``V1Pod``, ``List[V1Pod]``, ``Dict[str, str]``, ``str``."""
    if inner := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        if not isinstance(value, list):
            yield f"{where}: no list"
            return
        for index, each in enumerate(value):
            yield from _faults(each, inner[1], f"{where}[{index}]")
    elif inner := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", kind):
        for key, each in value.items():
            yield from _faults(each, inner[1], f"{where}.{key}")
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {written: attribute for attribute, written in model.attribute_map.items()}
        for key, each in value.items():
            if key in names:
                yield from _faults(each, model.openapi_types[names[key]], f"{where}.{key}")
            else:
                yield f"{where}.{key}: no such field"
        try:
            model(**{names[key]: each for key, each in value.items() if key in names})
        except ValueError as error:
            yield f"{where}: {error}"
    else:
        known: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
        if not isinstance(value, known[kind]):
            yield f"{where}: {value!r} is no {kind}"


def test_kubernetes_knows_every_field(render: Render, values: Object) -> None:
    """Whatever is switched on, objects have the fields and types of Kubernetes' OpenAPI document; their names are unique."""
    objects = render(values)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    for each in objects:
        model = _model(each["apiVersion"], each["kind"])
        assert model or each["apiVersion"] == "monitoring.coreos.com/v1"
        if model:
            assert list(_faults(each, model, each["kind"])) == []


def test_the_webhook_reads_its_arguments(render: Render, values: Object) -> None:
    """The arguments in the Deployment are ones that the webhook's own parser takes, with nothing but the pod's environment."""
    container = _container(render(values))
    environment = {"OVERBANK_NAMESPACE": "overbank-system"}
    assert {each["name"] for each in container["env"]} == set(environment)
    settings = parse(container["args"], environment, "0")
    assert settings.port == container["ports"][0]["containerPort"]
    assert settings.management_port == container["ports"][1]["containerPort"]
    assert settings.host == settings.management_host == values.get("host", "0.0.0.0")
    assert settings.namespace == "overbank-system"


def test_files_that_arguments_name_are_mounted(render: Render, values: Object) -> None:
    """Every path among the arguments is at or below a mount, every mount is of a volume, and nothing is mounted in vain."""
    objects = render(values)
    container = _container(objects)
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    volumes = [each["name"] for each in _one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]]
    paths = [each.partition("=")[2] for each in container["args"] if "=/" in each]
    assert all(any(path == mount or path.startswith(f"{mount}/") for mount in mounts) for path in paths)
    assert sorted(mounts.values()) == sorted(volumes)
    assert all(mount == "/tmp" or any(path.startswith(mount) for path in paths) for mount in mounts)


def test_pods_keep_to_the_restricted_profile(render: Render, values: Object) -> None:
    """Pods have all that the restricted Pod Security Standard asks for, a read-only root, and a folder for keys in memory."""
    objects = render(values)
    pod, container = _one(objects, "Deployment")["spec"]["template"]["spec"], _container(objects)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"}.isdisjoint(pod)
    assert {next(iter(each.keys() - {"name"})) for each in pod["volumes"]} <= {"emptyDir", "configMap", "secret"}
    assert pod["volumes"][0] == {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "cpu" not in container["resources"]["limits"]


def test_pods_have_time_to_drain(render: Render, values: Object) -> None:
    """A pod is killed no sooner than its delay, and the time for what is in flight, are over."""
    objects = render(values)
    spec = _one(objects, "Deployment")["spec"]["template"]["spec"]
    delay = values.get("drainDelaySeconds", 5)
    assert f"--drain-delay={delay}" in _container(objects)["args"]
    assert spec["terminationGracePeriodSeconds"] >= delay + SHUTDOWN_SECONDS + 5


def test_replicas_are_apart_and_replaced_one_by_one(render: Render, values: Object) -> None:
    """Replicas spread over nodes and zones without ever waiting for one, and budget, Services and policies select just them."""
    objects = render(values)
    deployment = _one(objects, "Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert {each["whenUnsatisfiable"] for each in spread} == {"ScheduleAnyway"}
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    selectors = [deployment["selector"]["matchLabels"], *(each["labelSelector"]["matchLabels"] for each in spread)]
    selectors.append(_one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
    selectors += [each["spec"]["selector"] for each in objects if each["kind"] == "Service"]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in objects if each["kind"] == "NetworkPolicy"]
    assert {json.dumps(each) for each in selectors} == {json.dumps({"app.kubernetes.io/name": "overbank-webhook"})}
    assert labels["app.kubernetes.io/name"] == "overbank-webhook"


def test_probes_ask_the_management_port(render: Render) -> None:
    """Kubelets ask without TLS, and whether a pod lives does not hang on what it needs to be ready."""
    container = _container(render({}))
    assert {name: container[name]["httpGet"] for name in PROBES} == {
        name: {"path": path, "port": "management"} for name, path in PROBES.items()
    }


def test_names_are_those_that_the_compiler_writes(render: Render) -> None:
    """The Service, the ConfigMap and the configuration are the ones that `overbank build` refers to and writes."""
    objects = render({})
    service = _one(objects, "Service", webhook_config.SERVICE)
    assert [each["port"] for each in service["spec"]["ports"]] == [443]
    arguments = _container(objects)["args"]
    assert f"--bundle-config-map={bundle.CONFIG_MAP}" in arguments
    assert f"--webhook-configuration={webhook_config.NAME}" in arguments
    wave = int(_one(objects, "Deployment")["metadata"]["annotations"][gitops.WAVE])
    assert gitops.WAVES["ConfigMap"] < wave < gitops.WAVES["MutatingWebhookConfiguration"]


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
    assert _one(mounted, "Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
    assert _one(mounted, "NetworkPolicy")["spec"].get("egress") == []
    namespaces = render(COMBINATIONS["only namespaces are watched"])
    assert _rules(namespaces, "Role") == []
    assert [rule["verbs"] for rule in _rules(namespaces, "ClusterRole")] == [["get"], ["list", "watch"]]
    own = render(COMBINATIONS["a mounted bundle beside a certificate of its own"])
    assert {rule["resources"][0] for rule in _rules(own, "Role")} == {"secrets"}
    watched = render(COMBINATIONS["a watched bundle beside a mounted certificate"])
    assert {rule["resources"][0] for rule in _rules(watched, "Role")} == {"configmaps", "events"}
    assert all("mutatingwebhookconfigurations" not in rule["resources"] for rule in _rules(watched, "ClusterRole"))
    assert _one(watched, "Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is True


def test_the_network_policy_names_api_servers_where_they_are_known(render: Render) -> None:
    """By default the admission port is open to everybody and the way out to API servers and DNS only; addresses narrow both."""
    policy = _one(render({}), "NetworkPolicy")["spec"]
    assert policy["ingress"][0] == {"ports": [{"port": "admission", "protocol": "TCP"}]}
    assert [port["port"] for each in policy["egress"] for port in each["ports"]] == [443, 6443, 53, 53]
    known = _one(render({"networkPolicy": {"apiServerCidrs": ["10.0.0.10/32"]}}), "NetworkPolicy")["spec"]
    assert known["ingress"][0]["from"] == known["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.0.0.10/32"}}]


@pytest.mark.parametrize(
    ("kubernetes", "version"), [("1.20.9", "policy/v1beta1"), ("1.21.0", "policy/v1"), ("v1.30.1-aliyun.1", "policy/v1")]
)
def test_old_clusters_get_what_they_serve(render: Render, kubernetes: str, version: str) -> None:
    """The versions of vendors are read, and below 1.21 the budget is of the beta that is served there."""
    assert _one(render({}, kubernetes), "PodDisruptionBudget")["apiVersion"] == version


@pytest.mark.parametrize("refused", list(REFUSED))
def test_values_that_cannot_be_are_refused(run: Callable[..., subprocess.CompletedProcess[str]], refused: str) -> None:
    """A value that the chart does not know, or that cannot work, is an error that names it and no surprise in the cluster."""
    ran = run(REFUSED[refused])
    assert ran.returncode != 0
    assert "values don't meet the specifications of the schema" in ran.stderr


def test_the_defaults_meet_the_schema_and_are_all_explained() -> None:
    """values.yaml is valid, every value of the schema has a default there, and every one has a description."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(defaults)

    def compare(described: Mapping[str, Any], value: Any, route: str) -> None:
        assert described["description"], route
        if described.get("additionalProperties") is False:
            optional = {"global", "podSelector", "claims"}
            assert set(described["properties"]) - optional == set(value), route
            for key in value:
                compare(described["properties"][key], value[key], f"{route}.{key}")

    compare(schema, defaults, "")


def test_the_kustomize_base_is_the_chart(helm: str, kubectl: str, load: Callable[[str], ModuleType]) -> None:
    """What kubectl builds from deploy/kustomize is what helm renders from the defaults, with the Namespace."""
    program = load("kustomize/render.py")
    rendered = program.objects(helm, "--set", "namespace.create=true")
    ran = subprocess.run([kubectl, "kustomize", CHART.parent / "kustomize" / "base"], capture_output=True, check=True)
    built = [each for each in yaml.safe_load_all(ran.stdout) if each]
    key = lambda each: (each["kind"], each["metadata"]["name"])  # noqa: E731 - of both
    assert sorted(built, key=key) == sorted(rendered, key=key)
    base = CHART.parent / "kustomize" / "base"
    assert {path.name: path.read_bytes() for path in base.iterdir()} == program.files(rendered)


def test_monitoring_objects_have_what_is_generated(render: Render) -> None:
    """The rule has the alerts of deploy/monitoring, and the ConfigMap the dashboard with Grafana's label, each only where it is asked for."""
    assert {each["kind"] for each in render({})}.isdisjoint({"PrometheusRule", "ServiceMonitor", "ConfigMap"})
    objects = render({"monitoring": {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}})
    folder = CHART.parent / "monitoring"
    assert _one(objects, "PrometheusRule")["spec"] == yaml.safe_load((folder / "alerts.yaml").read_text())
    shown = _one(objects, "ConfigMap", "overbank-webhook-dashboard")
    assert shown["data"] == {"overbank-webhook.json": (folder / "dashboard.json").read_text()}
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_chart_has_the_version_of_the_package() -> None:
    """The chart and the image that it takes by default are of this release."""
    from compiler import __version__  # noqa: PLC0415

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__

"""The webhook's pods: arguments, mounts, security, draining, spreading and probes."""

import json
from collections.abc import Callable
from typing import Any

from tests.deploy.chart.objects import container_of, one
from webhook.serving import SHUTDOWN_SECONDS
from webhook.settings import parse

Object = dict[str, Any]
Render = Callable[..., list[Object]]

PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_the_webhook_reads_its_arguments(render: Render, values: Object) -> None:
    """The arguments in the Deployment are ones that the webhook's own parser takes, with nothing but the pod's environment."""
    container = container_of(render(values))
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
    container = container_of(objects)
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    volumes = [each["name"] for each in one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]]
    paths = [each.partition("=")[2] for each in container["args"] if "=/" in each]
    assert all(any(path == mount or path.startswith(f"{mount}/") for mount in mounts) for path in paths)
    assert sorted(mounts.values()) == sorted(volumes)
    assert all(mount == "/tmp" or any(path.startswith(mount) for path in paths) for mount in mounts)


def test_pods_keep_to_the_restricted_profile(render: Render, values: Object) -> None:
    """Pods have all that the restricted Pod Security Standard asks for, a read-only root, and a folder for keys in memory."""
    objects = render(values)
    pod, container = one(objects, "Deployment")["spec"]["template"]["spec"], container_of(objects)
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
    spec = one(objects, "Deployment")["spec"]["template"]["spec"]
    delay = values.get("drainDelaySeconds", 5)
    assert f"--drain-delay={delay}" in container_of(objects)["args"]
    assert spec["terminationGracePeriodSeconds"] >= delay + SHUTDOWN_SECONDS + 5


def test_replicas_are_apart_and_replaced_one_by_one(render: Render, values: Object) -> None:
    """Replicas spread over nodes and zones without ever waiting for one, and budget, Services and policies select just them."""
    objects = render(values)
    deployment = one(objects, "Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert {each["whenUnsatisfiable"] for each in spread} == {"ScheduleAnyway"}
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    selectors = [deployment["selector"]["matchLabels"], *(each["labelSelector"]["matchLabels"] for each in spread)]
    selectors.append(one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
    selectors += [each["spec"]["selector"] for each in objects if each["kind"] == "Service"]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in objects if each["kind"] == "NetworkPolicy"]
    assert {json.dumps(each) for each in selectors} == {json.dumps({"app.kubernetes.io/name": "overbank-webhook"})}
    assert labels["app.kubernetes.io/name"] == "overbank-webhook"


def test_probes_ask_the_management_port(render: Render) -> None:
    """Kubelets ask without TLS, and whether a pod lives does not hang on what it needs to be ready."""
    container = container_of(render({}))
    assert {name: container[name]["httpGet"] for name in PROBES} == {
        name: {"path": path, "port": "management"} for name, path in PROBES.items()
    }

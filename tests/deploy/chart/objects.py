"""The chart's folder, combinations of values, and what is looked for among the rendered objects."""

from pathlib import Path
from typing import Any

from compiler.emit import webhook_config

Object = dict[str, Any]

CHART = Path(__file__).resolve().parent.parent.parent.parent / "deploy" / "chart"

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


def one(objects: list[Object], kind: str, name: str = webhook_config.SERVICE) -> Object:
    """Return the object of a kind and name."""
    (found,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def container_of(objects: list[Object]) -> Object:
    """Return the one container of the Deployment's pods."""
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container

"""What is to be asked of a live cluster for the checks: as little as they need, and nothing that may not be read by everybody else."""

from collections.abc import Iterator
from typing import NamedTuple

from compiler.doctor import addons, namespaces, nodes, priorities, storage, webhook
from compiler.doctor.check import Patient
from compiler.emit import bundle, webhook_config
from compiler.observed.objects import Kind, key_of, mapping


class Request(NamedTuple):
    """A list of a kind, or one object of it where a name is given."""

    kind: Kind
    version: str
    plural: str
    namespace: str = ""
    name: str = ""


def requests(patient: Patient) -> Iterator[Request]:
    """Yield what the checks look at, in one round."""
    cluster, ir = patient.cluster, patient.ir
    yield Request(nodes.NODE, "v1", "nodes")
    yield Request(namespaces.NAMESPACE, "v1", "namespaces")
    if cluster.addons or ir.resource_policies:
        yield Request(addons.DEPLOYMENT, "v1", "deployments", addons.SYSTEM)
        yield Request(addons.DAEMON_SET, "v1", "daemonsets", addons.SYSTEM)
    if ir.bundle.policies:
        room = ir.webhook.namespace
        yield Request(webhook.CONFIGURATION, "v1", "mutatingwebhookconfigurations", name=webhook_config.NAME)
        yield Request(webhook.SERVICE, "v1", "services", room, webhook_config.SERVICE)
        if cluster.kubernetes.numbers >= (1, 21, 0):
            yield Request(webhook.SLICE, "v1", "endpointslices", room)
        else:
            yield Request(webhook.ENDPOINTS, "v1", "endpoints", room, webhook_config.SERVICE)
        yield Request(webhook.CONFIG_MAP, "v1", "configmaps", room, bundle.CONFIG_MAP)
    if priorities.used(patient):
        yield Request(priorities.PRIORITY_CLASS, "v1", "priorityclasses")
    for namespace, claims in sorted(cluster.claims.items()):
        yield from (Request(storage.CLAIM, "v1", "persistentvolumeclaims", namespace, name) for name in sorted(claims))
    if cluster.claims:
        yield Request(storage.CLASS, "v1", "storageclasses")
        yield Request(storage.DRIVER, "v1", "csidrivers")


def volumes(patient: Patient) -> Iterator[Request]:
    """Yield the volumes of the declared claims that were found."""
    for claim in patient.objects.of(storage.CLAIM):
        key, volume = key_of(claim), mapping(claim, "spec").get("volumeName")
        if key.name in patient.cluster.claims.get(key.namespace, {}) and isinstance(volume, str) and volume:
            yield Request(storage.VOLUME, "v1", "persistentvolumes", name=volume)

"""What is to be asked of a live cluster for the checks: as little as they need, and nothing that may not be read by everybody else."""

from collections.abc import Iterator

from compiler.doctor import addons, namespaces, nodes, priorities, storage, webhook
from compiler.doctor.check import Patient
from compiler.emit import bundle, webhook_config
from compiler.observed.objects import Key, key_of, mapping
from compiler.observed.resource import Resource


def requests(patient: Patient) -> Iterator[Resource]:
    """Yield what the checks look at, in one round."""
    cluster, ir = patient.cluster, patient.ir
    yield Resource(nodes.NODE, "v1", "nodes")
    yield Resource(namespaces.NAMESPACE, "v1", "namespaces")
    if cluster.addons or ir.resource_policies:
        yield Resource(addons.DEPLOYMENT, "v1", "deployments", addons.SYSTEM)
        yield Resource(addons.DAEMON_SET, "v1", "daemonsets", addons.SYSTEM)
    if ir.bundle.policies:
        room = ir.webhook.namespace
        yield Resource(webhook.CONFIGURATION, "v1", "mutatingwebhookconfigurations", name=webhook_config.NAME)
        yield Resource(webhook.SERVICE, "v1", "services", room, webhook_config.SERVICE)
        if cluster.kubernetes.numbers >= (1, 21, 0):
            yield Resource(webhook.SLICE, "v1", "endpointslices", room)
        else:
            yield Resource(webhook.ENDPOINTS, "v1", "endpoints", room, webhook_config.SERVICE)
        yield Resource(webhook.CONFIG_MAP, "v1", "configmaps", room, bundle.CONFIG_MAP)
    if priorities.used(patient):
        yield Resource(priorities.PRIORITY_CLASS, "v1", "priorityclasses")
    for namespace, claims in sorted(cluster.claims.items()):
        yield from (Resource(storage.CLAIM, "v1", "persistentvolumeclaims", namespace, name) for name in sorted(claims))
    if cluster.claims:
        yield Resource(storage.CLASS, "v1", "storageclasses")
        yield Resource(storage.DRIVER, "v1", "csidrivers")


def volumes(patient: Patient) -> Iterator[Resource]:
    """Yield the volumes of the declared claims that were found."""
    for claim in patient.objects.of(storage.CLAIM):
        key, volume = key_of(claim), mapping(claim, "spec").get("volumeName")
        if key.name in patient.cluster.claims.get(key.namespace, {}) and isinstance(volume, str) and volume:
            yield Resource(storage.VOLUME, "v1", "persistentvolumes", name=volume)


def parts(patient: Patient) -> Iterator[Resource]:
    """Yield the parts of the webhook's bundle, where its ConfigMap lists such."""
    room = patient.ir.webhook.namespace
    found = patient.objects.get(Key(webhook.CONFIG_MAP, room, bundle.CONFIG_MAP))
    index = webhook.index(found or {})
    for part in index.parts if index else ():
        yield Resource(webhook.CONFIG_MAP, "v1", "configmaps", room, part.name)

"""Which workload a pod belongs to, as its author knows it."""

from typing import Final, NamedTuple

from compiler.observed.objects import Key, Kind, Object, Objects, controller_of, key_of, texts
from webhook.engine.rollout import HASH_LABEL

REPLICA_SET: Final = Kind("ReplicaSet", "apps")
DEPLOYMENT: Final = Kind("Deployment", "apps")
POD: Final = Kind("Pod")
_MAX_CHAIN: Final = 8


class Workload(NamedTuple):
    """What people call the owner of pods; of a pod that nothing controls it is the pod itself."""

    namespace: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.name} {self.namespace}/{self.name}"


def workload_of(pod: Object, objects: Objects) -> Workload:
    """Return the topmost controller of a pod that is known.

    A Deployment is known by its ReplicaSet's name even where neither was read: that ends in the pod's ``pod-template-hash`` (apps/v1,
    ``sync.getNewReplicaSet``).
    """
    key, above = key_of(pod), controller_of(pod)
    revision = texts(pod, "metadata", "labels").get(HASH_LABEL)
    for _ in range(_MAX_CHAIN):
        if above is None:
            break
        key, holder = above, objects.get(above)
        above = controller_of(holder) if holder is not None else None
    if key.kind == REPLICA_SET and revision and key.name.endswith(f"-{revision}") and objects.get(key) is None:
        key = Key(DEPLOYMENT, key.namespace, key.name.removesuffix(f"-{revision}"))
    return Workload(key.namespace, key.kind, key.name)

"""Which workloads a policy holds for while it is being rolled out.

Whole workloads are in or out, so that the replicas of one behave alike, and a workload stays in as the percentage grows: its
place in the order hangs on the policy, the namespace and the name that its author gave it, and on nothing that a new revision or
another run of a CronJob changes.
"""

import hashlib
import re
from typing import Final

from webhook.engine.pod import Metadata
from webhook.engine.policy import ALL_WORKLOADS

_SCHEDULED: Final = re.compile(r"-[0-9]{8}$")
"""What a CronJob appends to the names of its Jobs: the scheduled time in minutes (batch/v1, ``getJobName``)."""

HASH_LABEL: Final = "pod-template-hash"
"""Set by Deployments on their ReplicaSets and pods (apps/v1, ``DefaultDeploymentUniqueLabelKey``)."""


def root(metadata: Metadata) -> str:
    """Return the name of the workload that a pod belongs to, as its author knows it.

    That is the controlling owner's name, less the hash of a Deployment's ReplicaSet and the time of a CronJob's Job. Without an
    owner it is ``generateName`` without its dash, or ``name``.
    """
    owner = metadata.controller
    if owner is None:
        return metadata.generate_name.removesuffix("-") if metadata.generate_name else metadata.name or ""
    if owner.kind == "ReplicaSet":
        revision = (metadata.labels or {}).get(HASH_LABEL)
        return owner.name.removesuffix(f"-{revision}") if revision else owner.name
    return _SCHEDULED.sub("", owner.name) if owner.kind == "Job" else owner.name


def position(policy: str, namespace: str, workload: str) -> int:
    """Return the place of a workload in the order in which a policy reaches workloads, from 0 to 9,999."""
    digest = hashlib.sha256(f"{policy}\0{namespace}\0{workload}".encode()).digest()
    return int.from_bytes(digest[:8]) % ALL_WORKLOADS


def includes(rollout: int, policy: str, namespace: str, metadata: Metadata) -> bool:
    """Say whether a policy that is rolled out to so many workloads, in hundredths of a per cent, holds for the pod's."""
    return rollout >= ALL_WORKLOADS or position(policy, namespace, root(metadata)) < rollout

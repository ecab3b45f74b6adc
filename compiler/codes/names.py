"""Codes of names and references between documents."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

NO_REPOSITORY: Final = Code(
    "OB2101",
    Severity.ERROR,
    "no Repository document",
    """A policy repository has exactly one document of kind Repository, in `overbank.yaml` at its root. It says where the
output goes and what is not read. The smallest one:

    apiVersion: overbank.dev/v1alpha1
    kind: Repository
    spec: {}""",
)
STRAY_REPOSITORY: Final = Code(
    "OB2102",
    Severity.ERROR,
    "more than one Repository document",
    """There is one Repository document, in `overbank.yaml` at the root. Another one would be ignored or contradict it.

Remove it, or run overbank on the folder that it belongs to.""",
)
DUPLICATE: Final = Code(
    "OB2103",
    Severity.ERROR,
    "name is taken",
    """Two documents of one kind have the same name. Names identify policies in the cluster (the marker label, the
ResourcePolicy's name, the applied annotation), so each must be unique in the repository.

Rename one of the two.""",
    (sources.NAMES,),
)
DANGLING: Final = Code(
    "OB2104",
    Severity.ERROR,
    "reference to something that does not exist",
    """A document names a cluster, a pool's role or an accelerator class that no document defines. Names are exact: there
are no wildcards.""",
)
NOTHING_SELECTED: Final = Code(
    "OB2105",
    Severity.WARNING,
    "selector matches no declared object",
    """The selector fits none of the declared clusters, so the policy has no effect anywhere. That is allowed, since the
cluster may come later, but more often it is a misspelt label.""",
    (sources.LABELS,),
)
POOL_MISSING: Final = Code(
    "OB2106",
    Severity.ERROR,
    "pool is missing on a matched cluster",
    """A policy lists a pool that one of its clusters does not have. Leaving it out silently would send pods to the next
pool, perhaps the dearest one.

Add the pool to the cluster, narrow the policy's clusters, or write `skipIfMissing: true` at the pool.""",
)
OUTPUT_HOLDS_SOURCES: Final = Code(
    "OB2107",
    Severity.ERROR,
    "output folder holds other files",
    """Files below the output folder are not read, so that a build never reads its own output. This one is not of a build: it would
go unread without a word.

Set `spec.output` to a folder of its own, or move the file.""",
)
SHARED_UID: Final = Code(
    "OB2108",
    Severity.ERROR,
    "two clusters have the same UID",
    """`spec.uid` is the UID of a cluster's namespace kube-system, and no two clusters have the same one: most likely it was
copied together with the rest of the document. By it, a webhook refuses the bundle of another cluster; here, one of the two clusters
would refuse its own.

Ask each cluster: `kubectl get namespace kube-system -o jsonpath={.metadata.uid}`.""",
)
UNUSED_ACCELERATOR: Final = Code(
    "OB2109",
    Severity.WARNING,
    "accelerator class that no policy names",
    """No BurstPolicy and no PlacementPolicy names the class, so nothing of it is written anywhere. Most often the policy was forgotten
that was to use it, or the last one that did is gone.

Write `accelerator: NAME` in a policy, or delete the document.""",
)
UNUSED_HOST: Final = Code(
    "OB2112",
    Severity.WARNING,
    "federation host without members and policies",
    """No cluster says that it is a member of the host, and no placement policy is for it: its folder in the output has nothing in it.

Declare the members, `federation: {host: NAME}` in their Cluster documents, or delete the document.""",
)
UNUSED_POOL: Final = Code(
    "OB2110",
    Severity.INFO,
    "pool that no policy uses",
    """Policies are bound to the cluster, and none of them brings pods onto this pool. Pods without a policy may still run there, if it
has nodes of its own; a serverless pool stays empty, and an autoscaled one at its least.

List the pool in a policy, or take it out of the Cluster document. Nothing has to be done where the pool is for pods without a
policy. This is looked for where infos are asked for, once there are no errors.""",
)
UNUSED_CLUSTER: Final = Code(
    "OB2111",
    Severity.INFO,
    "cluster without a policy",
    """No burst policy is bound to the cluster, and no placement policy places workloads on it: its folder in the output says no more
than that there is nothing to do. Most often it is new, or its labels are not those that the policies select.

Name it in a policy, correct its labels, or delete its document. This is looked for where infos are asked for, once there are no
errors.""",
)
UNREACHED_TEST: Final = Code(
    "OB2113",
    Severity.INFO,
    "test on a cluster without a policy",
    """No burst policy is bound to the cluster that the test is about. So all of its cases show what becomes of pods that no policy
matches, which is worth saying only if that is what is meant.

Correct `spec.cluster`, or the clusters of the policy. This is looked for where infos are asked for, once there are no errors.""",
)
ON_REQUEST: Final = frozenset({UNUSED_POOL.id, UNUSED_CLUSTER.id, UNREACHED_TEST.id})
"""What is looked for only where infos are asked for; a comment that suppresses it may be without a finding elsewhere."""

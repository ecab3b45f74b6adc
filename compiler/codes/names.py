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

"""Codes of ``overbank inventory``: nodes that a cluster has, beside what its document says."""

from typing import Final

from compiler.diagnostics import Code, Severity

BAD_NODES: Final = Code(
    "OB3501",
    Severity.ERROR,
    "list of nodes cannot be read",
    """The file given with `--nodes` is not what kubectl prints: a List of Nodes, a plain list of them, or one Node, as
JSON or YAML. A list of other objects, or a table, says nothing of nodes, so the Cluster document was not compared.

Write the list anew:

    kubectl get nodes -o json > nodes.json""",
)
NO_POOL: Final = Code(
    "OB3502",
    Severity.WARNING,
    "nodes belong to no pool",
    """No pool of the Cluster document has a `nodeSelector` that fits the nodes' labels, so what they could run is missing
from the document. Nodes of the control plane are not meant, and virtual nodes only if the document has no pool of their
type.

Add a pool, or run `overbank inventory --add-pools`, which adds one for each node pool of the vendor (`--pool-label KEY`
groups nodes by another label).""",
)
SEVERAL_POOLS: Final = Code(
    "OB3503",
    Severity.WARNING,
    "nodes belong to several pools",
    """The nodes' labels fit the `nodeSelector` of more than one pool. They are counted in none, since counting them in
each would promise capacity twice. A pool without `nodeSelector` takes only nodes that no other pool selects.

Give each pool a `nodeSelector` that holds for its nodes alone, such as the node pool's ID.""",
)
NOT_COUNTED: Final = Code(
    "OB3504",
    Severity.WARNING,
    "nodes are not counted",
    """A node that is not Ready, is cordoned, or that an autoscaler is about to remove takes no pods, so it is not
counted, and its size and taints say nothing of the pool.

Refresh the document again when the nodes are back, or remove them.""",
)
OUT_OF_RANGE: Final = Code(
    "OB3505",
    Severity.WARNING,
    "number of nodes is out of the declared range",
    """The range of an autoscaled pool is somebody's decision, so `overbank inventory` does not change it. But the cluster
has fewer nodes than `nodes.min`, or more than `nodes.max`, so the document and the autoscaler's settings differ.

Write the autoscaler's bounds into the document.""",
)
EMPTY_POOL: Final = Code(
    "OB3506",
    Severity.WARNING,
    "pool has no nodes",
    """No node of the cluster fits the pool, so it is counted as empty. That is right for a pool that was scaled to
nothing, and wrong where its `nodeSelector` has a mistake.

Compare the selector with the labels of the nodes: kubectl get nodes --show-labels""",
)
UNEQUAL_NODES: Final = Code(
    "OB3507",
    Severity.WARNING,
    "nodes of a pool differ",
    """A pool stands for nodes that are alike. `allocatable` is what its smallest node has, and only taints that all of
its nodes have are declared. Where nodes differ, the pool is described as smaller, or as more open, than it is.

Make a pool of each kind of nodes.""",
)
UNDECIDED: Final = Code(
    "OB3508",
    Severity.WARNING,
    "nodes cannot be made a pool",
    """A pool needs a label that tells its nodes from others, and a type. The vendors document labels for both on their
own platforms. Elsewhere nobody but you knows which label groups the nodes, and whether they stand in a data centre
(`idc`) or in a cloud (`ecs`).

Pass `--pool-label KEY` and `--pool-type TYPE`, or write the pool by hand.""",
)
NAME_TO_CHANGE: Final = Code(
    "OB3509",
    Severity.WARNING,
    "pool has a name that overbank chose",
    """The names of pools are roles that clusters share, and policies refer to them. Labels of nodes do not say what a
pool is for, so the name was made from the pool's type.

Rename the pool, for example to `prepaid` or `postpaid`.""",
)
CANNOT_EDIT: Final = Code(
    "OB3510",
    Severity.ERROR,
    "document cannot be edited in place",
    """The document has a form in which a value cannot be changed without touching others, such as an anchor that several
values share, or the change would make a document that is not valid. Nothing was written, so that no comment is lost.

Write the values yourself, or write the document without anchors.""",
)

"""Codes of differences that somebody forbids: ``overbank diff --forbid``."""

from typing import Final

from compiler.diagnostics import Code, Severity

WIDER: Final = Code(
    "OB5601",
    Severity.ERROR,
    "policy reaches more pods than before",
    """`overbank diff --forbid wider`: the policy matches every pod that it matched before, and others as well; in several
clusters together, it has gained pods and lost none. The note shows the smallest pod that is new, *proved* where its
namespace is declared, *possible* where a namespace with those labels would have to exist. A policy that goes from
audit to enforce, or is rolled out to more workloads, is wider too. If that is meant, have it approved without
`--forbid wider`; if not, narrow `match` until the pod is out.""",
)
NARROWER: Final = Code(
    "OB5602",
    Severity.ERROR,
    "policy reaches fewer pods than before",
    """`overbank diff --forbid narrower`: the policy has lost pods and gained none. The pods that it lost are placed by the
next policy that matches them, or by nothing but the cluster's own scheduler; running ones stay where they are. The
note shows the smallest such pod.""",
)
INCOMPARABLE: Final = Code(
    "OB5603",
    Severity.ERROR,
    "policy reaches other pods than before",
    """`overbank diff --forbid incomparable`: the policy has lost pods and gained others, so that neither reach contains the
other. The notes show the smallest pod of each. Often a label's value was changed while workloads still carry the old
one: let the policy match both until they are rolled out (`operator: In`).""",
)
ADDED: Final = Code(
    "OB5604",
    Severity.ERROR,
    "policy is new",
    """`overbank diff --forbid added`: there was no policy of this name on the old side. A policy that was renamed counts as
new and as removed: rollouts and marks (`overbank.dev/applied`) go by names.""",
)
REMOVED: Final = Code(
    "OB5605",
    Severity.ERROR,
    "policy is gone",
    """`overbank diff --forbid removed`: there is no policy of this name any more. Running pods keep what it gave them; new
ones are placed by the next policy that matches them, or by nothing but the cluster's own scheduler.""",
)
MOVED: Final = Code(
    "OB5606",
    Severity.ERROR,
    "pods go to another policy",
    """`overbank diff --forbid moved`: pods that one policy placed are placed by another one, since priorities, names or
matches have changed. The note shows the smallest such pod. Of policies that match a pod, the one with the highest
priority places it, and of equal priorities the first by name.""",
)
POOLS: Final = Code(
    "OB5607",
    Severity.ERROR,
    "pools of a policy have changed",
    """`overbank diff --forbid pools`: the order of the pools of a policy, their limits, the nodes that they stand for, or when pods
go on to the next one are others than before, so new pods may land elsewhere, and at another price.
`overbank plan --against BASE` shows both, replica by replica.""",
)
RUNNING: Final = Code(
    "OB5608",
    Severity.ERROR,
    "change concerns pods that run already",
    """`overbank diff --forbid running`: by the rules of the vendor, or of the workloads' controllers, pods that run now are
moved, are replaced, are scaled in before others, or must not exist while the ResourcePolicy is edited. The message
says which, and where that is documented. Merge such a change when the workload can stand it.""",
)
CLUSTERS: Final = Code(
    "OB5609",
    Severity.ERROR,
    "cluster is new or gone",
    """`overbank diff --forbid clusters`: a cluster or a federation host is on one side only. Policies that select clusters
by labels reach a new one without a word in their own files, so reaches are compared only in clusters that both sides
have.""",
)

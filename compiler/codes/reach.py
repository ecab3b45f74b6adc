"""Codes of which pods policies reach, compared with each other and with what they may reach."""

from typing import Final

from compiler.diagnostics import Code, Severity

SHADOWED: Final = Code(
    "OB4201",
    Severity.WARNING,
    "policy has no effect because of others",
    """Matching policies are ordered by priority, then by name. The first that has `pools` places the pod; of a label, an annotation or
any other field that has one value, the first that sets it decides. For every pod that this policy matches, on every cluster that
it is bound to, other policies decide everything that it would, and at least one thing otherwise than it says. So it does nothing:
its author believes that pods are placed here, and they are placed elsewhere.

Policies in audit mode, or in force for a part of the workloads only, are never counted on. That the others match all of its pods
is proved, for any pod and any namespace that there may be.

Give the policy a higher `priority` than those that are named, take its pods out of their match, or remove it.""",
)
PARTLY_SHADOWED: Final = Code(
    "OB4202",
    Severity.INFO,
    "another policy places some of the pods",
    """Both policies have pools, and some pod matches both. The policy that comes first, by priority and then by name, places it; the
other one only adds what it injects. That is how an exception from a rule is written, and so it may well be meant. A finding names
one such policy for each; there may be more. Where a policy places none of its pods on one cluster but does so on another, that is
said here as well.

If it is not meant, change the priorities, or narrow the match of one of the two.""",
)
REDUNDANT: Final = Code(
    "OB4203",
    Severity.WARNING,
    "policy gives nothing that others do not give",
    """For every pod that this policy matches, on every cluster that it is bound to, other policies decide the same, value for value: if
it were removed, no pod would come out otherwise, but for our own marks (the annotation `overbank.dev/applied`, and the label
`overbank.dev/placement` by which a ResourcePolicy may select its pods) and the order within lists. What is said twice will one day
be changed in one place only. A policy that keeps another one from having an effect is not redundant.

A ResourcePolicy with a `max` is never called redundant, since pods are counted for each of them apart.

Remove the policy. All that are found can be removed together.""",
)
VACUOUS: Final = Code(
    "OB4204",
    Severity.WARNING,
    "policy matches only pods that are left alone",
    """The webhook leaves the pods of excluded namespaces alone (`spec.webhook.excludeNamespaces` and its own namespace), and those of
namespaces that carry the label `overbank.dev/inject: "false"`. The conditions of this policy can hold only for such pods. So it
does nothing, whatever namespaces there are.

Correct the condition on the namespaces, or take the namespace out of the exclusion if you are sure.""",
)
UNREACHABLE: Final = Code(
    "OB4205",
    Severity.WARNING,
    "pool has no nodes to reach",
    """The pool is declared with `nodes: {max: 0}`: it has no node and never gets one. Pods that should run on it go on to the next pool,
or stay Pending where there is none, as the order of the policy says that they do when a pool is full.

Raise `nodes.max`, or take the pool out of the policy; `skipIfMissing: true` is for pools that some clusters do not declare.""",
)
CEILING: Final = Code(
    "OB4206",
    Severity.ERROR,
    "policy reaches beyond its ceiling",
    """`spec.ceilings` of the Repository says how far the policies of a folder may reach: which clusters, which namespaces, which types
of pools. This policy reaches further. The note shows what is beyond: a pod that it matches, in a namespace that is not allowed,
or the cluster or pool. Only what is proved to be within is let through: a policy that selects namespaces by labels is within a
ceiling of names only if its selector can hold in none but these.

Narrow the policy. Raising the ceiling is for those who own overbank.yaml.""",
)
UNDECIDED: Final = Code(
    "OB4207",
    Severity.INFO,
    "not decided: too many policies to compare",
    """Whether several policies together match all pods of another one, or which of very many pairs share a pod, is looked at up to a
bound, so that no repository takes for ever. Here the bound was reached, and the question is left open: neither was anything
found, nor is it certain that there is nothing. What is built does not hang on it.

Fewer conditions of the kinds `Exists`, `NotIn` and `DoesNotExist`, or namespaces by name, make policies easier to tell apart.""",
)
NO_POLICY: Final = Code(
    "OB4208",
    Severity.WARNING,
    "ceiling holds for no file",
    """A ceiling under `spec.ceilings` holds for the policies in files below its `folder`, and no file that is read is there. Most likely
the folder has another name, and then nothing keeps its policies within the ceiling.

Correct the folder, or remove the ceiling.""",
)

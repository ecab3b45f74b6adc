"""Codes of what `overbank import` finds in objects that others wrote."""

from typing import Final

from compiler.diagnostics import Code, Severity

UNSAID: Final = Code(
    "OB5701",
    Severity.ERROR,
    "object says what policy files cannot say",
    """A field of the object has no counterpart in the policy language, or a value that Overbank would never write, because the vendor
does not document it or because it defeats what the rest of the object says. Nothing is passed over in silence: an object with
such a field is not imported.

Take the field out, if the object means the same without it, or keep the object as it is, beside what Overbank renders. With
`--lossy` the object is imported without the field.""",
)
CHANGED: Final = Code(
    "OB5702",
    Severity.WARNING,
    "object comes back changed",
    """What is imported compiles to an object that differs from the one that was read, in the way that the message says: it has another
name, since a policy's objects are called after it and the name is taken, or a label that policies do not carry is gone. Or the
policy says more than the object did: pods without labels are known only by what they ask for.

Delete the old object once the new one is applied: two ResourcePolicies that select the same pods are not documented by any
vendor.""",
)
NEEDED: Final = Code(
    "OB5703",
    Severity.ERROR,
    "something is missing that the object refers to",
    """The object refers to something that is neither in the repository nor among the objects that were given: the cluster that it comes
from, the member of the federation, the workload that is bound to a placement policy, or a pool.

The help says how to name it.""",
)
NOT_THE_SAME: Final = Code(
    "OB5704",
    Severity.ERROR,
    "what was imported does not build back",
    """After the import the policy files are compiled, and the objects compared with those that were read. One of them came out
different, or the policies have errors, so the files are not written.

The notes show the difference. For pods that name a vendor's feature by hand it is that between them and what the webhook would
make of pods without it. Where the policies have errors, the objects themselves contradict each other or the vendor's
documentation.""",
)

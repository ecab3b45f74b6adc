"""``check`` and ``build`` in slices, each a pure function of the values that it is given, so that what came of it can be kept.

* A slice is given the documents that it may look at, and nothing else: a rule cannot see what its slice was not given.
* The key of a slice is the digest of all that it is given, the tool itself included. So a kept answer is right or is not found;
  nothing has to be invalidated, and it does not matter who kept it, when, or in which repository.
* There is one way through the slices. A run without a cache goes it with a memory that knows nothing.
* What is kept is data: findings with the places that they stand at, names, files. Nothing parsed is kept: a slice that has to be done
  parses its files again.

=============== ============================================================================ ===========================================
slice           is given                                                                     answers
=============== ============================================================================ ===========================================
facts           a file's path and content                                                    its documents' names, digests and references
selection       the settings, all paths                                                      which files are read
names           documents that share a name                                                  findings
fleet           all clusters                                                                 findings
pools           as ``cluster``; asked for with infos only                                    findings
idle            clusters without policies, and tests of these; asked for with infos only    findings
reached         a host and all its placements; asked for with infos only                     the clusters that they place on
unused          the accelerator classes and hosts that nothing refers to, as heads tell      findings
policy          a BurstPolicy, the clusters that it means, its accelerator class, settings   findings, the clusters that it is bound to
cluster         a Cluster, the policies bound to it, their accelerator classes, settings     findings; what it says of its policies; the
                                                                                             size of its bundle; its files
test            a PolicyTest, and all clusters if it names one that does not exist           findings
memberships     the hosts, and the clusters that are members                                 findings
placement       a PlacementPolicy, its host, the clusters that it means, its accelerator     findings, the workloads that it places
                class
host            a host and all its placements                                                findings, its files
workloads       all manifests under ``workloads``, and what the clusters' slices are given   findings, patches
dispatched      all manifests under ``workloads``, and what the hosts' slices are given      findings
scenarios       all scenarios, the files of their pods, what all other slices are given      findings
=============== ============================================================================ ===========================================

What all clusters say of a policy is put together at the end (``compiler.rules.verdicts``): that it has no effect is a mistake only where
it has none anywhere.

Where a document names something that does not exist, its slice is given all that there is of the kind, because the finding says
what was meant. Findings of one document are placed relative to its first line: what stands before it in its file does not change
its digest.
"""

from compiler.incremental.memory import Memory, Nothing, Shared
from compiler.incremental.outcome import Outcome
from compiler.incremental.run import compile_slices

__all__ = ["Memory", "Nothing", "Outcome", "Shared", "compile_slices"]

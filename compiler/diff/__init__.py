"""PURE: what lies between two states of a policy repository: objects, what policies mean, and which pods get something else, and when.

It is given what both states came to (files, and the documents of clusters) and reads nothing. All that is said about meaning follows from the
normal forms in the bundles, so that it holds for the webhook by construction; and about running pods, from the rules that vendors
document (``compiler.diff.running``), with what is inferred marked as such.
"""

"""From the nodes of a cluster to its document: what pools they are in, and what of them a Cluster declares.

Knows no cluster, no disk and no clock: nodes come as values, and what comes out are edits of documents, and findings.
"""

"""Manifests in Git: what the policies do to their workloads, as exact patches, and what a pod alone cannot show.

It knows the normal form of every cluster and tries pods with the engine; it reads no files and prints nothing.
"""

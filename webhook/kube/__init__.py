"""The Kubernetes API as the webhook needs it: a connection, a few JSON requests, and collections that are kept up to date.

Nothing in here is on the path of a pod. It is imported only where a setting asks for something that lives in the cluster.
"""

"""Live clusters: the only room that talks to one, and it only reads: nodes, and the version of the API server.

Nothing else may import the Kubernetes client. It is an extra (``pip install 'overbank[live]'``), imported when a cluster is asked.
"""

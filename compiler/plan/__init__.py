"""Plan: where the replicas will land. Scenarios are played through by the planners of the federation and a model of each cluster's pools.

``replicas`` divides, ``pools`` fills one cluster, ``simulate`` plays the events, ``trace`` is what came of it, and ``views`` shows that.
Nothing here touches the disk, the clock or a cluster.
"""

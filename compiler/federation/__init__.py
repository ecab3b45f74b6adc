"""Federation: policies that divide workloads over the member clusters of a host, and the hosts' normal form.

The same passes as for clusters, in small: ``parse`` reads documents into ``model``, ``resolve`` binds names, ``lower`` makes the
``ir`` of it. May know the clusters and accelerator classes of ``compiler.model``; knows nothing of burst policies.

Facts about KubeAdmiral are those of its source (https://github.com/kubewharf/kubeadmiral, 1.0.0 and later), by file.
"""

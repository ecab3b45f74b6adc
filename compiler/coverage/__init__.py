"""What of the policies is exercised, and by what.

A repository is taken apart into units, each of which can be exercised: a policy matches in a cluster, pods run on one of its pools, a value
comes into a pod, a pod is refused, a federation assigns replicas to a member. Cases of PolicyTests, scenarios that expect something, and
the manifests in Git exercise units; only the first two are tests, since nobody says what should become of a manifest.
"""

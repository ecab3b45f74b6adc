"""Which pods a ResourcePolicy selects: exactly those that the policies mean, for random repositories and all pods of a small world.

The vendor's scheduler knows label maps and namespaces and nothing else. After the webhook has run, each pod must be selected by the
ResourcePolicy of the policy that owns its placement and by no other.
"""

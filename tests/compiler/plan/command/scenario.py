"""A scenario on the small repository, and what its cluster has besides."""

SCENARIO = """\
apiVersion: overbank.dev/v1alpha1
kind: PlanScenario
metadata: {name: %s}
spec:
  cluster: idc
  policy: web
  events:
  - {create: 2}
  - {scale: 5, expect: {idc: {pools: {serverless: %s}}}}
"""
CLUSTER = ("- {name: idc, type: idc}", "- {name: idc, type: idc, nodes: {max: 3}, podsPerNode: 1}")

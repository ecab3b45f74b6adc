"""JSON Schemas of the policy language."""

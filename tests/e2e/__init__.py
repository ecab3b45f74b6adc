"""Overbank against a real Kubernetes control plane, on the loopback address, without containers."""

"""A real Kubernetes control plane for tests: how its programs are had, and how they are run.

``python -m tests.e2e.controlplane`` (``make control-plane``) gets the programs; it needs Go and a Python of 3.11 or later, and nothing
else. ``assets.py`` says where they are. ``plane.py`` runs them; ``nodes.py`` gives the cluster nodes, and plays their kubelets.
"""

"""Tests of the room for the Kubernetes API."""

"""Tests of live clusters: the real client against a real HTTP server that speaks as much of the Kubernetes API as is asked of it."""

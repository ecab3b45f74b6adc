"""Tests of the admission server: each module in process, and the whole as a process of its own behind real TLS."""

"""Repeatable benchmarks; see the README beside."""

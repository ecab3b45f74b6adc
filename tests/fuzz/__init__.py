"""Fuzzers of the compiler: whole repositories, and coverage-guided bytes. ``make fuzz`` runs them; ``make test`` a few seconds of the first."""

"""What virtual pools cannot run: the vendors' tables as data, and what of them a pod shows.

A row says what is wrong and by whose word; a predicate in ``features`` finds it in a pod. The tables know no policies: whether a row
denies or warns in the end is for ``webhook.engine.checks``.
"""

from webhook.engine.runtimes.problems import MANIFEST_ROWS, TABLE, Problem, problems

__all__ = ["MANIFEST_ROWS", "TABLE", "Problem", "problems"]

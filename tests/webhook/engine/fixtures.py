"""What the fixtures of ``conftest.py`` are, for the signatures of tests that ask for them."""

from collections.abc import Callable
from typing import Any

from hypothesis.strategies import SearchStrategy

from compiler.ir import ClusterIR
from webhook.engine.bundle import Bundle

Admit = Callable[..., Any]
MakeIR = Callable[..., ClusterIR]
Bundles = SearchStrategy[Bundle]
Requests = SearchStrategy[Any]

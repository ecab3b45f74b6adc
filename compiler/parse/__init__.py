"""Documents that their schema accepts, read into the model: defaults filled in, selectors in their normal form."""

from compiler.parse.burst import BUILT_IN_GROUPS, policy
from compiler.parse.inventory import accelerator, cluster
from compiler.parse.selection import selector
from compiler.parse.settings import policy_test, repository

__all__ = ["BUILT_IN_GROUPS", "accelerator", "cluster", "policy", "policy_test", "repository", "selector"]

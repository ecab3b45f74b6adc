"""What authors wrote, as typed values. ``compiler.parse`` makes them of documents that their schema accepts.

Each value keeps its document, so that later passes can point at the field that they object to. The values are Structs: every command
defines all of them, which takes a dataclass ten times as long.
"""

from compiler.model.documents import Backstop, Ceiling, Named, PolicyTest, Repository, Scope, TestCase, WebhookSettings
from compiler.model.inventory import (
    NAME_LABEL,
    NAME_LABEL_SINCE,
    AcceleratorClass,
    Cluster,
    Membership,
    NodeRange,
    Pool,
    Taint,
    namespace_labels,
)
from compiler.model.policy import AckResourcePolicy, AckUnit, BurstPolicy, PoolUse, Scheduling
from compiler.model.repository import Model
from compiler.model.terms import Advance, Mechanism, Platform, PoolType, Selection, Strategy

__all__ = [
    "NAME_LABEL",
    "NAME_LABEL_SINCE",
    "AcceleratorClass",
    "AckResourcePolicy",
    "AckUnit",
    "Advance",
    "Backstop",
    "BurstPolicy",
    "Ceiling",
    "Cluster",
    "Mechanism",
    "Membership",
    "Model",
    "Named",
    "NodeRange",
    "Platform",
    "PolicyTest",
    "Pool",
    "PoolType",
    "PoolUse",
    "Repository",
    "Scheduling",
    "Scope",
    "Selection",
    "Strategy",
    "Taint",
    "TestCase",
    "WebhookSettings",
    "namespace_labels",
]

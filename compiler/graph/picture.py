"""The picture as data: nodes, some of them inside of frames, and edges. What a drawing looks like is each language's own business."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What a node stands for."""

    CLUSTER = "cluster"
    POOL = "pool"
    VIRTUAL_POOL = "virtualPool"
    POLICY = "policy"
    ACCELERATOR = "accelerator"
    PLACEMENT = "placement"
    HOST = "host"


class Line(StrEnum):
    """What an edge stands for."""

    USES = "uses"
    """A policy uses a pool, or injects into a cluster's pods."""
    NEEDS = "needs"
    """A policy is for an accelerator class."""
    PLACES = "places"
    """A placement policy assigns replicas to a member."""
    RUNS = "runs"
    """A placement policy is written on a host, and a host has a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node; ``id`` is unique and has only letters, digits and underscores, ``lines`` are the lines of its label.

    ``partial`` is for policies that hold for some of the pods only, or for none yet.
    """

    id: str
    shape: Shape
    lines: tuple[str, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Nodes that belong together: a cluster and its pools."""

    id: str
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge between nodes, by their ids; ``label`` may be empty."""

    start: str
    end: str
    line: Line
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of it, in the order in which it is written."""

    frames: tuple[Frame, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

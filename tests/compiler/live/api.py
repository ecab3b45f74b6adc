"""An API server: what it answers, and the token that it accepts."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

TOKEN = "t0p-secret"


def _node(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {"alibabacloud.com/nodepool-id": "np1"}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "8", "memory": "30Gi"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.29.1"},
        },
    }


@dataclass(slots=True)
class Api:
    """An API server: its nodes, the answers that replace the usual ones (by path, used up in order), and what was asked."""

    nodes: list[dict[str, Any]] = field(default_factory=lambda: [_node(f"n{number}") for number in range(5)])
    instead: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hang: threading.Event | None = None
    port: int = 0

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return status and body."""
        self.asked.append(path)
        if self.instead.get(path):
            return self.instead[path].pop(0)
        if path == "/version":
            return 200, b'{"major": "1", "minor": "30", "gitVersion": "v1.30.4-aliyun.1"}'
        if path != "/api/v1/nodes":
            return 404, b"{}"
        start = int(query.get("continue", ["0"])[0])
        end = start + min(int(query["limit"][0]), 2)
        onward = {"continue": str(end)} if end < len(self.nodes) else {}
        return 200, json.dumps({"kind": "NodeList", "metadata": onward, "items": self.nodes[start:end]}).encode()

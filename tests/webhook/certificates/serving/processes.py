"""A webhook as a process: its log, its ports and its metrics."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import webhook
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, Cluster

DEADLINE = 60


class Process:
    """A webhook in a process of its own; ``--port 0`` twice, so its ports stand in what it logs first."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        path = folder / "bundle.json"
        empty = Bundle(version=bundles.VERSION, cluster=Cluster("c", "ack-pro"), excluded_namespaces=(), namespaces={}, policies=())
        path.write_bytes(bundles.encode(bundles.seal(empty)))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OVERBANK_")}
        clean["PYTHONPATH"] = str(Path(webhook.__file__).parent.parent)
        line = [sys.executable, "-m", "webhook.server", "serve", "--bundle", str(path), "--port", "0", "--management-port", "0"]
        self.process = subprocess.Popen([*line, *arguments], env=clean, stderr=subprocess.PIPE, text=True)
        self.lines: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()

    def await_line(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Return a line of the log once it is there so many times."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.lines if each["event"] == event and fields.items() <= each.items()]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, DEADLINE), self.lines
            return found()[count - 1]

    @property
    def port(self) -> int:
        """The admission port."""
        return urlsplit(self.await_line("serving")["admission"]).port or 0

    def manage(self, path: str) -> tuple[int, str]:
        """Ask the management port."""
        connection = http.client.HTTPConnection(urlsplit(self.await_line("serving")["management"]).netloc, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def metric(self, line: str) -> float:
        """Return the value of a series, 0 where there is none."""
        found = [each.rpartition(" ")[2] for each in self.manage("/metrics")[1].splitlines() if each.startswith(f"{line} ")]
        return float(found[0]) if found else 0.0

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self._reader.join(DEADLINE)
            assert self.process.stderr is not None
            self.process.stderr.close()

"""The list of metrics is that of a real server."""

import re
from pathlib import Path
from typing import Any

from webhook import catalogue


def test_lists_what_a_server_shows(launch: Any, cluster: Any, tmp_path: Path) -> None:
    """A server with all its options shows exactly the metrics of the list, each of the same type."""
    server = launch("--watch-namespaces", "--kubeconfig", str(cluster.kubeconfig(tmp_path)))
    text = server.manage("/metrics")[2]
    shown = set(re.findall(r"^# TYPE (overbank_\w+) (\w+)$", text, re.MULTILINE))
    assert shown == set(re.findall(r"^\| `(\w+)` \| (\w+) \|", catalogue.table(), re.MULTILINE))


def test_names_are_those_of_queries() -> None:
    """Counters end in _total, and histograms have three names."""
    names = catalogue.names()
    assert {"overbank_webhook_admissions_total", "overbank_webhook_admission_duration_seconds_bucket"} <= names
    assert not {"overbank_webhook_admissions", "overbank_webhook_admission_duration_seconds"} & names

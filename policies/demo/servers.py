"""Webhooks as processes: started on free loopback ports, asked over verified TLS, ended whatever happens."""

import base64
import http.client
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 10
PROGRAM = Path(sys.executable).parent / "overbank-webhook"


class ServerError(Exception):
    """A webhook did not start, or did not end cleanly."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A running webhook: where it answers, and the certificate authority that it showed."""

    address: str
    authority: Path

    def admit(self, review: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str], str]:
        """Send an AdmissionReview and return the JSON Patch, the warnings, and why the pod is refused (empty where it is not)."""
        url = urlsplit(self.address)
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=context, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", f"{url.path}?timeout=2s", json.dumps(review), {"Content-Type": "application/json"})
            response = json.loads(connection.getresponse().read())["response"]
        finally:
            connection.close()
        patch = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
        refusal = "" if response["allowed"] else response["status"]["message"]
        return patch, response.get("warnings", []), refusal


@contextmanager
def serving(clusters: list[str], rendered: Path, folder: Path) -> Iterator[dict[str, Webhook]]:
    """Run a webhook for each cluster.

    Args:
        clusters: names of the clusters.
        rendered: the built tree.
        folder: where the certificate authorities are written to.

    Raises:
        ServerError: a webhook does not start, or ends with another exit code than 0.
    """
    processes: dict[str, subprocess.Popen[str]] = {}
    try:
        for cluster in clusters:
            bundle = rendered / "clusters" / cluster / "webhook" / "bundle.json"
            command = [PROGRAM, "serve", "--bundle", bundle, "--self-signed", "--port", "0", "--management-port", "0"]
            command += ["--drain-delay", "0", "--ca-out", folder / f"{cluster}.pem"]
            processes[cluster] = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        yield {cluster: Webhook(_address(process), folder / f"{cluster}.pem") for cluster, process in processes.items()}
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.communicate(timeout=2 * ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
    unclean = {cluster: process.returncode for cluster, process in processes.items() if process.returncode}
    if unclean:
        raise ServerError(f"webhooks ended uncleanly: {unclean}")


def _address(process: subprocess.Popen[str]) -> str:
    """Wait until a webhook says where it serves."""
    said = []
    for line in process.stderr or ():
        said.append(line)
        if line.startswith("{"):
            event = json.loads(line)
            if event.get("event") == "serving":
                return str(event["admission"])
    raise ServerError(f"a webhook did not start: {''.join(said)}")

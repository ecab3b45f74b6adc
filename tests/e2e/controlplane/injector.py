"""Another vendor's webhook: adds a sidecar to pods, as service meshes do."""

import base64
import contextlib
import copy
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.controlplane.authority import Authority
from tests.e2e.controlplane.client import Object


@contextlib.contextmanager
def sidecars(name: str, authority: Authority, sidecar: Mapping[str, Any], namespace: str) -> Iterator[Object]:
    """Serve an injector until the end of the block, and give the configuration to register.

    Args:
        name: of the configuration; webhooks are called in the order of these names.
        authority: the API server trusts its certificates here.
        sidecar: the container; a pod that has one of its name gets none.
        namespace: where pods get it.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer a review."""
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(_answer(review, sidecar)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    pair = authority.server(name, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield _configuration(name, server.server_address[1], authority, namespace)
        finally:
            server.shutdown()
            thread.join()


def _answer(review: dict[str, Any], sidecar: Mapping[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": True}
    pod = review["request"]["object"]
    if all(each["name"] != sidecar["name"] for each in pod["spec"]["containers"]):
        # Sidecars come last here and labels are added, as the injectors of meshes do it.
        patch = [{"op": "add", "path": "/spec/containers/-", "value": copy.deepcopy(dict(sidecar))}]
        patch.append({"op": "add", "path": "/metadata/labels/injected", "value": "true"})
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def _configuration(name: str, port: int, authority: Authority, namespace: str) -> Object:
    trusted = base64.b64encode(authority.certificate.read_bytes()).decode()
    webhook = {
        "name": "sidecars.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "reinvocationPolicy": "IfNeeded",
        "failurePolicy": "Fail",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/inject", "caBundle": trusted},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }
    api_version = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api_version, "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}, "webhooks": [webhook]}

"""The webhook: registered as derived from the policies, with a usable CA bundle, with pods that answer, and today's policies."""

import base64
import json
import ssl
from collections.abc import Iterator
from typing import Any, Final

import yaml

from compiler.doctor.check import Check, Patient, State
from compiler.emit import bundle, webhook_config
from compiler.observed.objects import Key, Kind, Object, key_of, mapping, mappings, sequence, texts
from webhook.engine.bundle import BundleError, seal
from webhook.engine.split import Index, join, read_index

CONFIGURATION: Final = Kind(webhook_config.KIND, "admissionregistration.k8s.io")
SERVICE: Final = Kind("Service")
SLICE: Final = Kind("EndpointSlice", "discovery.k8s.io")
ENDPOINTS: Final = Kind("Endpoints")
CONFIG_MAP: Final = Kind("ConfigMap")
_SLICE_OF: Final = "kubernetes.io/service-name"
_SOON: Final = 14 * 86400
_SOURCE: Final = "Kubernetes, admission webhook good practices"


def checks(patient: Patient) -> Iterator[Check]:
    """Yield the configuration, its CA bundles, the Service's endpoints and the bundle; nothing where there are no policies."""
    if not patient.ir.bundle.policies:
        return
    found, unread = patient.find(CONFIGURATION, webhook_config.NAME)
    if found is None:
        state, says = (State.UNKNOWN, unread) if unread else (State.WRONG, "it is not registered, so no pod is mutated")
        yield _check("configuration", state, says, "" if unread else "apply the build of this cluster")
    else:
        yield _registered(patient, found)
        yield _trusted(patient, found)
    yield _endpoints(patient)
    yield _bundle(patient)


def _check(subject: str, state: State, says: str, help: str = "") -> Check:  # noqa: A002 - the field's own word
    return Check(area="webhook", subject=subject, state=state, says=says, help=help, source=_SOURCE)


def _registered(patient: Patient, found: Object) -> Check:
    derived: Any = yaml.safe_load(next(iter(webhook_config.emit(patient.ir).values())))
    there = {str(each.get("name")): each for each in mappings(found, "webhooks")}
    wanted = {str(each["name"]): each for each in derived["webhooks"]}
    differences = [f"webhook {name} is not there" for name in wanted if name not in there]
    differences += [f"webhook {name} is not ours" for name in there if name not in wanted]
    for name in wanted.keys() & there.keys():
        differences += [
            f"{path} of {name} is {_short(has)} instead of {_short(wants)}"
            for path, has, wants in _unlike(wanted[name], there[name])
        ]
    if not differences:
        policies = {str(each.get("failurePolicy")) for each in there.values()}
        return _check("configuration", State.OK, f"it is registered as derived, failurePolicy {', '.join(sorted(policies))}")
    return _check(
        "configuration", State.WRONG, "; ".join(sorted(differences)), "apply the build of this cluster; it was changed, or is older"
    )


def _unlike(wanted: dict[str, Any], there: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where what was derived is not there; fields that were not written are the API server's."""
    for key, wants in wanted.items():
        has = there.get(key)
        if isinstance(wants, dict) and wants and isinstance(has, dict):
            yield from _unlike(wants, has, f"{path}{key}.")
        elif has != wants and (has or wants):
            yield f"{path}{key}", has, wants


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False) if value is not None else "nothing"
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - a line of a report


def _trusted(patient: Patient, found: Object) -> Check:
    problems: list[str] = []
    soonest: float | None = None
    for each in mappings(found, "webhooks"):
        name, written = each.get("name"), mapping(each, "clientConfig").get("caBundle")
        if not written:
            problems.append(f"{name} has none, so every call fails")
            continue
        ends = _ends(str(written))
        if not ends:
            problems.append(f"that of {name} holds no certificate of an authority")
        elif max(ends) <= patient.now:
            problems.append(f"that of {name} has expired")
        else:
            # Of several, as while an authority is replaced, the newest is what counts.
            soonest = min(max(ends), soonest or max(ends))
    if problems:
        return _check(
            "caBundle", State.WRONG, "; ".join(problems), "the webhook fills it in: look at its log, and at its ClusterRole"
        )
    days = int(((soonest or patient.now) - patient.now) // 86400)
    if soonest is not None and soonest - patient.now < _SOON:
        return _check("caBundle", State.WRONG, f"it ends in {days} days", "the webhook renews it ahead of time: look at its log")
    return _check("caBundle", State.OK, f"it holds an authority's certificate, for {days} days more")


def _ends(written: str) -> list[float]:
    """Return when the authorities' certificates of a CA bundle end, in seconds since 1970; none where it cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=base64.b64decode(written, validate=True).decode("ascii"))
    except (ValueError, ssl.SSLError):
        return []
    return [ssl.cert_time_to_seconds(str(each["notAfter"])) for each in context.get_ca_certs()]


def _endpoints(patient: Patient) -> Check:
    namespace, name = patient.ir.webhook.namespace, webhook_config.SERVICE
    subject = f"Service {namespace}/{name}"
    service, unread = patient.find(SERVICE, name, namespace)
    if service is None:
        if unread:
            return _check(subject, State.UNKNOWN, unread)
        return _check(subject, State.WRONG, "it is not there, so every call fails", "install the webhook")
    ready, unread = _ready(patient, namespace, name)
    if unread:
        return _check(subject, State.UNKNOWN, unread)
    if not ready:
        return _check(subject, State.WRONG, "no pod behind it is ready, so every call fails", f"kubectl -n {namespace} get pods")
    if ready == 1:
        return _check(
            subject, State.WRONG, "only one pod behind it is ready", "run two or more: while it restarts, pods miss their mutation"
        )
    return _check(subject, State.OK, f"{ready} pods behind it are ready")


def _ready(patient: Patient, namespace: str, name: str) -> tuple[int, str]:
    """Return how many endpoints are ready, and why that is not known."""
    addresses: set[str] = set()
    for each in patient.objects.of(SLICE):
        if key_of(each).namespace == namespace and texts(each, "metadata", "labels").get(_SLICE_OF) == name:
            for endpoint in mappings(each, "endpoints"):
                # Unknown readiness counts as ready (discovery/v1, EndpointConditions).
                if mapping(endpoint, "conditions").get("ready") is not False:
                    addresses.update(map(str, sequence(endpoint, "addresses")))
    found = patient.objects.get(Key(ENDPOINTS, namespace, name))
    for subset in mappings(found or {}, "subsets"):
        addresses.update(str(each.get("ip")) for each in mappings(subset, "addresses"))
    known = patient.objects.knows(SLICE) or patient.objects.knows(ENDPOINTS)
    return len(addresses), "" if known else patient.unread(SLICE)


def _bundle(patient: Patient) -> Check:
    namespace, name = patient.ir.webhook.namespace, bundle.CONFIG_MAP
    subject = f"ConfigMap {namespace}/{name}"
    found, unread = patient.find(CONFIG_MAP, name, namespace)
    if found is None:
        if unread:
            return _check(subject, State.UNKNOWN, unread)
        return _check(subject, State.UNKNOWN, "it is not there; the webhook may have its bundle from a file")
    whole, listed = texts(found, "data").get("bundle.json"), index(found)
    try:
        digest = listed.digest if listed and whole is None else json.loads(whole or "")["digest"]
    except (KeyError, TypeError, ValueError):
        return _check(
            subject, State.WRONG, "it holds neither a bundle nor the index of one, so webhooks refuse it", "apply the build"
        )
    today = seal(patient.ir.bundle).digest
    if digest != today:
        return _check(
            subject,
            State.WRONG,
            f"it holds other policies ({str(digest)[:19]}) than are built today ({today[:19]})",
            "apply the build",
        )
    if listed and whole is None:
        return _parts(patient, subject, listed)
    return _check(subject, State.OK, f"it holds today's policies, {digest[:19]}")


def index(config_map: Object) -> Index | None:
    """Return the index of a bundle's parts in its ConfigMap, None where there is none that can be read."""
    try:
        return read_index(texts(config_map, "data")["index.json"].encode())
    except (KeyError, BundleError):
        return None


def _parts(patient: Patient, subject: str, listed: Index) -> Check:
    """Put today's bundle together, as the webhook does."""
    namespace = patient.ir.webhook.namespace
    parts: dict[str, bytes] = {}
    for name in (part.name for part in listed.parts):
        found, unread = patient.find(CONFIG_MAP, name, namespace)
        if found is None and unread:
            return _check(subject, State.UNKNOWN, unread)
        try:
            parts[name] = base64.b64decode(texts(found or {}, "binaryData")["part"], validate=True)
        except (KeyError, ValueError):
            return _check(subject, State.WRONG, f"its part {name} is missing, so webhooks refuse it", "apply the build")
    try:
        join(listed, parts)
    except BundleError as error:
        return _check(subject, State.WRONG, f"webhooks refuse it: {error}", "delete its parts, and apply the build")
    return _check(
        subject, State.OK, f"it holds today's policies, {listed.digest[:19]}, in {len(parts)} part{'' if len(parts) == 1 else 's'}"
    )

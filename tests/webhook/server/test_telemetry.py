"""Logs and metrics: readable by machines, and silent about pods."""

import io
import json
import logging
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client import generate_latest

from webhook.engine.bundle import Bundle
from webhook.telemetry.hooks import Outcome
from webhook.telemetry.logs import configure_logging, log
from webhook.telemetry.metrics import Metrics


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Return where the logs go, with the root logger put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging(stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)


def test_logs_one_json_object_a_line(stream: io.StringIO) -> None:
    """An event is one line with time, level and its fields, line breaks and odd values included."""
    log(logging.INFO, "serving", port=1, odd={1: object}, text="a\nb")
    log(logging.DEBUG, "not logged")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "overbank.webhook",
        "event": "serving",
        "port": 1,
        "odd": {"1": "<class 'object'>"},
        "text": "a\nb",
    }


def test_logs_exceptions_of_libraries_without_their_texts(stream: io.StringIO) -> None:
    """An exception is logged by its type and places; its text could quote a pod."""
    labels: dict[str, str] = {}
    try:
        labels["secret"]
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["exception"]["type"]) == ("Exception in ASGI application", "KeyError")
    assert line["exception"]["frames"][0].endswith("test_logs_exceptions_of_libraries_without_their_texts")
    assert "secret" not in stream.getvalue()


def test_every_outcome_is_there_from_the_start() -> None:
    """A counter that appears only with its first event hides that event from rate(); so all start at 0."""
    metrics = Metrics()
    for outcome in Outcome:
        assert metrics.registry.get_sample_value("overbank_webhook_admissions_total", {"outcome": outcome}) == 0


def test_durations_are_those_of_admissions() -> None:
    """A refusal is counted, but it has no duration."""
    metrics = Metrics()
    metrics.admitted(Outcome.PATCHED, 0.0002)
    metrics.refused(Outcome.TIMED_OUT)
    name = "overbank_webhook_admission_duration_seconds"
    assert metrics.registry.get_sample_value(f"{name}_count") == 1
    assert metrics.registry.get_sample_value(f"{name}_bucket", {"le": "0.0001"}) == 0
    assert metrics.registry.get_sample_value(f"{name}_bucket", {"le": "0.00025"}) == 1


def test_only_the_current_bundle_is_shown(bundle: Bundle) -> None:
    """Loading another bundle replaces what is shown of the last one."""
    metrics = Metrics()
    metrics.loaded(bundle)
    metrics.loaded(bundle, identity="checked", key="0123456789abcdef")
    text = generate_latest(metrics.registry).decode()
    shown = [line for line in text.splitlines() if line.startswith("overbank_webhook_bundle")]
    assert shown == [
        f'overbank_webhook_bundle_info{{cluster="ack-poc",digest="{bundle.digest}",identity="checked",key="0123456789abcdef"}} 1.0',
        "overbank_webhook_bundle_policies 2.0",
    ]


def mutations(metrics: Metrics, policy: str) -> float | None:
    """Return how many pods a policy is counted for."""
    return metrics.registry.get_sample_value("overbank_webhook_policy_mutations_total", {"policy": policy})


def test_mutations_are_counted_for_each_policy(bundle: Bundle) -> None:
    """A patched pod counts for every policy in it, from 0, and a clean-up of our own marks for none."""
    metrics = Metrics()
    metrics.loaded(bundle)
    assert (mutations(metrics, "gpu-demo"), mutations(metrics, "web-defaults")) == (0, 0)
    metrics.mutated("gpu-demo@0123456789ab,web-defaults@0123456789ab")
    metrics.mutated("gpu-demo@0123456789ab")
    metrics.mutated("")
    assert (mutations(metrics, "gpu-demo"), mutations(metrics, "web-defaults")) == (2, 1)


def test_mutations_are_bounded_by_the_bundle(bundle: Bundle) -> None:
    """A reload forgets policies that are gone, keeps the counts of those that stay, and no name comes from anywhere else."""
    metrics = Metrics()
    metrics.loaded(bundle)
    metrics.mutated("gpu-demo@0123456789ab,web-defaults@0123456789ab")
    metrics.loaded(msgspec.structs.replace(bundle, policies=bundle.policies[:1]))
    metrics.mutated("gpu-demo@0123456789ab,web-defaults@0123456789ab,forged@0123456789ab")
    assert [mutations(metrics, name) for name in ("gpu-demo", "web-defaults", "forged", "_other")] == [2, None, None, None]


def test_mutations_of_many_policies_share_a_series(bundle: Bundle) -> None:
    """Beyond a thousand policies there are no more series, and nothing goes uncounted."""
    metrics = Metrics()
    many = tuple(msgspec.structs.replace(bundle.policies[0], name=f"p{number:04}") for number in range(1200))
    metrics.loaded(msgspec.structs.replace(bundle, policies=many))
    for number in range(0, 1200, 100):
        metrics.mutated(f"p{number:04}@0123456789ab")
    assert [mutations(metrics, name) for name in ("p0000", "p0900", "p1000", "_other")] == [1, 1, None, 2]


def test_policies_in_audit_mode_start_at_zero(bundle: Bundle) -> None:
    """A policy in audit mode is counted from the moment its bundle is loaded, and one that is in force never is."""
    metrics = Metrics()
    first, *others = bundle.policies
    metrics.loaded(msgspec.structs.replace(bundle, policies=(msgspec.structs.replace(first, audit=True), *others)))
    name = "overbank_webhook_audited_total"
    assert metrics.registry.get_sample_value(name, {"policy": "gpu-demo"}) == 0
    assert metrics.registry.get_sample_value(name, {"policy": "web-defaults"}) is None
    metrics.audited(("gpu-demo",))
    assert metrics.registry.get_sample_value(name, {"policy": "gpu-demo"}) == 1

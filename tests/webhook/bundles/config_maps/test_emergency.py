"""The emergency switch in a ConfigMap."""

import asyncio
import base64
from pathlib import Path
from typing import Any

from tests.webhook.bundles.config_maps.following import BUNDLE, EVENTS, MAPS, SWITCH, following, whole
from webhook.engine.bundle import Bundle
from webhook.kube.api import Api


def test_the_switch_in_the_cluster(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle) -> None:
    """A ConfigMap switches policies off and, when it changes or goes, on again; an Event on it says how many."""
    watched = watch()
    cluster.put(BUNDLE, whole(bundle))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == bundle.digest and watched.readiness.reason == "")
        for data, disabled in (
            ({"disable": "web\n"}, 1),
            ({"disable": "*"}, 3),
            ({"other": "web"}, 0),
            ({"disable": "web, notes"}, 2),
        ):
            cluster.put(SWITCH, {"data": data})
            await watched.until(lambda disabled=disabled: watched.metric("emergency_disabled_policies") == disabled)
        cluster.delete(SWITCH)
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 0)
        cluster.put(SWITCH, {"binaryData": {"disable": base64.b64encode("für web\n".encode("latin-1")).decode()}})
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 1)
        await asyncio.to_thread(cluster.await_stored, EVENTS, 6)

    following(cluster, tmp_path, watched, test)
    found = [each["reason"] for each in cluster.await_stored(EVENTS, 6)]
    assert sorted(found) == ["PoliciesDisabled"] * 4 + ["PoliciesEnabled"] * 2


def test_is_not_ready_before_the_switch_is_known(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle) -> None:
    """As long as nobody can say what is switched off, pods are not sent here; what was known once stays known."""
    watched = watch()
    cluster.put(BUNDLE, whole(bundle))
    cluster.put(SWITCH, {"data": {"disable": "web"}})
    cluster.refuse += [("GET", MAPS, 403)] * 6

    async def test(_: Api) -> None:
        assert watched.readiness.reason == "no bundle; the emergency switch is not known yet"
        await watched.until(lambda: watched.readiness.reason == "")
        assert watched.metric("emergency_disabled_policies") == 1

    following(cluster, tmp_path, watched, test)

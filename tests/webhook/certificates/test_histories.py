"""Whatever replicas do, and in whatever order, what they serve is trusted by everybody who reads a caBundle."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from webhook.certificates.credentials import out_of_time
from webhook.certificates.rotation import SETTLE

SECRET = "/api/v1/namespaces/overbank-system/secrets/overbank-certificate"
BEHIND = SETTLE.total_seconds() - 10
"""Seconds for which an API server may go on with a caBundle that has been replaced."""

ACTIONS = st.one_of(
    st.tuples(st.just("let"), st.integers(0, 2)),
    st.tuples(st.just("let"), st.integers(0, 2)),
    st.tuples(st.just("finish"), st.integers(0, 2)),
    st.tuples(st.just("go on"), st.integers(0, 2)),
    st.tuples(st.just("go on"), st.integers(0, 2)),
    st.tuples(st.just("seconds"), st.sampled_from([1, 40, 200])),
    st.tuples(st.just("seconds"), st.sampled_from([130, 200])),
    st.tuples(st.just("hours"), st.sampled_from([1, 12, 24])),
    st.tuples(st.just("restart"), st.integers(0, 2)),
    st.tuples(st.just("skew"), st.integers(-400, 400)),
    st.tuples(st.just("wish"), st.sampled_from(["server", "authority"])),
    st.tuples(st.just("delete"), st.just(0)),
)
"""``let``: one call of a replica goes through. ``finish``: its turn ends. ``go on``: it takes turns until it has nothing to do."""


OWN = [*[("let", 0)] * 5, ("hours", 1)]
"""A successor is introduced, and known to everybody."""


def verifies(leaf: x509.Certificate, trusted: frozenset[x509.Certificate]) -> bool:
    """Return whether one of these signed it."""
    for each in trusted:
        try:
            leaf.verify_directly_issued_by(each)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def safe(world: Any) -> None:
    """Assert that every certificate that is served is good in the eyes of whoever has a caBundle of now or a moment ago."""
    bundles = [world.trusted(), *(bundle for until, bundle in world.history if world.uptime - until < BEHIND)]
    for index, replica in enumerate(world.replicas):
        if replica.leaf is None or replica.keeper.holder.readiness.reason:
            continue  # it is not asked
        assert out_of_time(replica.leaf, world.now) is None, f"replica {index} serves a certificate that has expired"
        for bundle in bundles:
            assert not bundle or verifies(replica.leaf, bundle), f"replica {index} is not trusted"


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, min_size=10, max_size=60))
@example(actions=[*OWN, ("delete", 0), ("restart", 0), ("go on", 2), ("delete", 0)])
def test_any_history_is_safe(new_world: Callable[[], Any], actions: list[tuple[str, Any]]) -> None:
    """Replicas that act, pause, crash, have wrong clocks or knowledge that is one state old never serve what is not trusted."""

    async def play() -> None:
        world = new_world()
        for spread in (0.0, 0.5, 1.0):
            world.start(spread)
        await world.rest()
        world.annotate("authority")
        for action, value in actions:
            match action:
                case "let":
                    await world.let(world.replicas[value])
                case "finish":
                    await world.finish(world.replicas[value])
                case "go on":
                    await world.rest(world.replicas[value])
                case "seconds":
                    world.advance(seconds=value)
                case "hours":
                    await world.rest()
                    world.advance(hours=value)
                case "restart":
                    await world.crash(world.replicas[value])
                    world.start(value / 2)
                case "skew":
                    world.replicas[0].skew = timedelta(days=value)
                case "wish":
                    if SECRET in world.objects:
                        world.annotate(value)
                case _:
                    world.objects.pop(SECRET, None)
            safe(world)
        await world.rest()
        safe(world)
        for replica in tuple(world.replicas):
            await world.crash(replica)

    asyncio.run(play())


def test_a_year_and_more_without_a_gap(new_world: Callable[[], Any]) -> None:
    """Certificates are renewed and an authority takes over, by one replica at a time, and nobody who connects ever notices."""

    async def play() -> tuple[set[x509.Certificate], set[x509.Certificate], Any]:
        world = new_world()
        for spread in (0.0, 0.5):
            world.start(spread)
        leaves, authorities = set(), set()
        for _ in range(2 * 400):
            await world.rest()
            for _ in range(3 if world.keyring().successor else 0):
                world.advance(seconds=61)
                await world.rest()
                safe(world)
            leaves.add(world.keyring().server.leaf)
            authorities.update(world.keyring().trusted)
            safe(world)
            world.advance(hours=12)
            safe(world)
        return leaves, authorities, world

    leaves, authorities, world = asyncio.run(play())
    assert 18 <= len(leaves) <= 22, "renewed every 20 days or so, by one replica each time"
    assert len(authorities) == 2
    assert len(world.keyring().trusted) == 1
    assert sum(path == SECRET for path in world.writes) <= len(leaves) + 4
    assert not any(replica.failed for replica in world.replicas)

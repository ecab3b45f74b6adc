"""One replica's turns, step by step, among others that are faster and things that fail."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from webhook.certificates.issuing import self_signed
from webhook.certificates.keeper import VERBS
from webhook.kube.api import ApiError

SECRET = "/api/v1/namespaces/overbank-system/secrets/overbank-certificate"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/00-overbank"


def play(new_world: Callable[[], Any], scene: Callable[[Any], Awaitable[None]], replicas: int = 2) -> None:
    """Play a scene with replicas that have settled."""

    async def main() -> None:
        world = new_world()
        for index in range(replicas):
            world.start(index / 2)
        await world.rest()
        await scene(world)
        for replica in tuple(world.replicas):
            await world.crash(replica)

    asyncio.run(main())


def test_an_old_bundle_is_never_written_over_a_new_one(new_world: Callable[[], Any]) -> None:
    """A replica that read the configuration and the Secret before a rotation began fails to write what it meant to."""

    async def scene(world: Any) -> None:
        slow, quick = world.replicas
        world.configure()  # GitOps empties caBundle
        for _ in range(3):
            await world.let(slow)  # configuration, Secret, and now it waits with its patch
        world.annotate("authority")
        await world.rest(quick)
        world.advance(seconds=2)
        await world.rest(quick)
        assert len(world.trusted()) == 2
        writes = len(world.writes)
        assert slow.waiting
        await world.finish(slow)
        assert len(world.writes) == writes
        assert len(world.trusted()) == 2

    play(new_world, scene)


def test_two_that_start_at_once_make_one_authority(new_world: Callable[[], Any]) -> None:
    """Replicas that all find no Secret make one: who comes second takes over what is there."""

    async def scene(world: Any) -> None:
        replicas = [world.start(), world.start()]
        for _ in range(3):
            for each in replicas:
                await world.let(each)  # both have seen that there is none
        await world.rest()
        assert world.writes.count(SECRET) == 1
        assert replicas[0].leaf == replicas[1].leaf
        assert world.trusted() == set(world.keyring().trusted)

    play(new_world, scene, replicas=0)


def test_a_rotation_by_hand(new_world: Callable[[], Any]) -> None:
    """An operator gets a new authority, and the old one out, each by an annotation, which goes when it is done."""

    async def scene(world: Any) -> None:
        (first,) = world.trusted()
        world.annotate("authority")
        await world.rest()
        assert "annotations" not in world.objects[SECRET]["metadata"] or not world.objects[SECRET]["metadata"]["annotations"]
        assert len(world.trusted()) == 2
        assert {replica.leaf.issuer for replica in world.replicas} == {first.subject}
        world.advance(minutes=3)
        await world.rest()
        (second,) = world.trusted() - {first}
        assert {replica.leaf.issuer for replica in world.replicas} == {second.subject}
        world.annotate("retire")
        await world.rest()
        assert world.trusted() == {first, second}
        world.advance(minutes=3)
        await world.rest()
        assert world.trusted() == {second}

    play(new_world, scene)


def test_a_deleted_secret_comes_back(new_world: Callable[[], Any]) -> None:
    """A Secret that somebody deletes is put back with what the replicas serve, and with a successor."""

    async def scene(world: Any) -> None:
        leaf, before = world.replicas[0].leaf, world.trusted()
        del world.objects[SECRET]
        await world.rest()
        assert world.replicas[0].leaf == world.keyring().server.leaf == leaf
        assert before < world.trusted()

    play(new_world, scene)


def test_a_damaged_secret_changes_nothing(new_world: Callable[[], Any]) -> None:
    """Replicas go on with what they have, write nothing, and tell once; a new one is not ready."""

    async def scene(world: Any) -> None:
        content = world.objects[SECRET]
        damaged = {**content, "data": {**content["data"], "tls.key": base64.b64encode(b"no key").decode()}}
        world.put(SECRET, damaged)
        late = world.start()
        writes = len(world.writes)
        await world.rest()
        world.advance(days=1)
        await world.rest()
        assert len(world.writes) == writes
        assert world.replicas[0].leaf is not None
        assert late.leaf is None
        assert "tls.key: holds no PEM private key" in late.keeper.holder.readiness.reason

    play(new_world, scene)


def test_an_unknown_wish_is_told_and_changes_nothing(new_world: Callable[[], Any]) -> None:
    """A misspelt annotation does not keep certificates from being served."""

    async def scene(world: Any) -> None:
        world.annotate("now")
        late = world.start()
        await world.rest()
        assert late.leaf == world.replicas[0].leaf

    play(new_world, scene)


def test_a_clock_of_our_own_that_jumps_changes_nothing(new_world: Callable[[], Any]) -> None:
    """A replica whose machine is years ahead or behind serves on, stays ready, and writes nothing."""

    async def scene(world: Any) -> None:
        writes = len(world.writes)
        for years in (10, -10):
            world.replicas[0].skew = timedelta(days=365 * years)
            await world.rest()
            world.replicas[0].keeper.holder.judge()
            assert world.replicas[0].keeper.holder.readiness.reason == ""
        assert len(world.writes) == writes

    play(new_world, scene)


def test_all_was_off_for_a_long_time(new_world: Callable[[], Any]) -> None:
    """After more than a year everything is made anew, without anybody's help."""

    async def scene(world: Any) -> None:
        world.advance(days=500)
        await world.rest()
        world.advance(minutes=3)
        await world.rest()
        for replica in world.replicas:
            replica.leaf.verify_directly_issued_by(world.keyring().authority.certificate)
            assert replica.leaf.not_valid_before_utc < world.now < replica.leaf.not_valid_after_utc
        assert world.keyring().authority.certificate in world.trusted()

    play(new_world, scene)


def test_whoever_else_writes_the_bundle_gets_no_race(new_world: Callable[[], Any]) -> None:
    """A foreign caBundle is replaced at once, and ever more slowly while somebody goes on writing it."""

    async def scene(world: Any) -> None:
        foreign = base64.b64encode(self_signed("h", "a").authority or b"").decode()
        (replica,) = world.replicas
        written = []
        for _ in range(60):
            world.configure(foreign)
            before = len(world.writes)
            await world.finish(replica)
            written.append(len(world.writes) - before)
            world.advance(seconds=1)
        assert written[0] == 1
        assert 3 < sum(written) < 12

    play(new_world, scene, replicas=1)


def test_a_configuration_that_comes_later_is_filled(new_world: Callable[[], Any]) -> None:
    """Without a configuration replicas are ready, since nobody could call them yet; one that comes gets its caBundle."""

    async def scene(world: Any) -> None:
        del world.objects[CONFIGURATION]
        late = world.start()
        await world.rest()
        assert late.keeper.holder.readiness.reason == ""
        world.configure()
        await world.rest()
        assert world.trusted() == set(world.keyring().trusted)

    play(new_world, scene)


@pytest.mark.parametrize(("method", "status"), [("get", 403), ("patch", 403), ("patch", 422), ("get", 500)])
def test_a_configuration_that_is_out_of_reach(new_world: Callable[[], Any], method: str, status: int) -> None:
    """Without the right to read or write it certificates are renewed still, no authority is promoted, and a new replica says why not."""

    async def scene(world: Any) -> None:
        world.configure()
        late = world.start()
        for replica in world.replicas:
            real = getattr(replica, method)

            async def refused(path: str, *rest: Any, real: Any = real) -> Any:
                if path == CONFIGURATION:
                    raise ApiError("told to", status)
                return await real(path, *rest)

            setattr(replica, method, refused)
        world.annotate("authority")
        world.advance(days=22)
        await world.rest()
        world.advance(minutes=5)
        await world.rest()
        assert world.keyring().successor is not None
        assert world.keyring().server.leaf.not_valid_before_utc > world.now - timedelta(days=1)
        assert late.leaf is not None
        assert (
            "MutatingWebhookConfiguration 00-overbank: told to" if method == "get" else "caBundle"
        ) in late.keeper.holder.readiness.reason

    play(new_world, scene)


def test_the_rights_that_are_needed(new_world: Callable[[], Any]) -> None:
    """What replicas ask of the API server is what ``VERBS`` says, no more and no less, but for the watch's own requests."""
    used: set[tuple[str, str]] = set()

    async def scene(world: Any) -> None:
        replica = world.start()
        for method, verb in (("get", "get"), ("create", "create"), ("replace", "update"), ("patch", "patch")):
            real = getattr(replica, method)

            async def noted(path: str, *rest: Any, real: Any = real, verb: str = verb) -> Any:
                used.add(("secrets" if "/secrets" in path else path.split("/")[4], verb))
                return await real(path, *rest)

            setattr(replica, method, noted)
        world.annotate("authority")
        await world.rest(replica)
        del world.objects[SECRET]
        await world.rest(replica)

    play(new_world, scene)
    wanted = {(resource, verb) for (_, resource), verbs in VERBS.items() for verb in verbs - {"list", "watch"}}
    assert used == wanted

"""What becomes of what a source finds: taken over whole, or refused once, with the last good bundle going on."""

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Any

import pytest

from webhook.bundles.keeper import Keeper
from webhook.bundles.store import Identity, Snapshot
from webhook.bundles.switch import Switch, parse
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, BundleError, Reason

UID = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77"
Make = Callable[..., Bundle]


def test_is_empty_until_something_is_loaded(watch: Any) -> None:
    """Before the first bundle there is no snapshot, and the process is not ready."""
    watched = watch()
    assert watched.store.current is None
    assert watched.readiness.reason == "no bundle"


def test_takes_a_bundle_over(watch: Any, bundle: Bundle, content: Any, logged: Any) -> None:
    """A good bundle decides as a whole from one moment on, and everything says so."""
    watched = watch()
    asyncio.run(watched.keeper.offer(content(bundle)))
    snapshot = watched.store.current
    assert snapshot.bundle == bundle
    assert snapshot.engine.bundle is snapshot.bundle
    assert snapshot.namespaces == bundle.namespaces
    assert watched.readiness.reason == ""
    assert watched.metric("bundle_info", cluster="ack-poc", digest=bundle.digest, identity="undeclared", key="") == 1
    assert watched.metric("bundle_loads_total") == 1
    assert watched.metric("bundle_loaded_timestamp_seconds") > 1_700_000_000
    assert 0 <= watched.metric("bundle_age_seconds") < 60
    (line,) = logged("bundle loaded")
    assert (line["bundle"], line["policies"], line["source"]) == (bundle.digest, 3, "here")


def test_a_snapshot_cannot_change(bundle: Bundle) -> None:
    """What a request took stays as it is."""
    with pytest.raises(AttributeError):
        Snapshot.of(bundle).bundle = None  # type: ignore[misc, assignment]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"{}", Reason.MALFORMED),
        (b'{"version": "overbank.dev/bundle/v9"}', Reason.VERSION),
        (b'{"version": "\xff"}', Reason.MALFORMED),
        (b'{"x": ' + b"[" * 100_000, Reason.MALFORMED),
        (b'{"version": "overbank.dev/bundle/v1"}', Reason.MALFORMED),
    ],
)
def test_the_last_good_bundle_goes_on(watch: Any, bundle: Bundle, content: Any, logged: Any, *, raw: bytes, reason: Reason) -> None:
    """What is refused changes nothing but what is told: once for the same content, however often it is found."""
    watched = watch()

    async def run() -> None:
        await watched.keeper.offer(content(bundle))
        before = watched.store.current
        for _ in range(3):
            await watched.keeper.offer(content(raw, place="ConfigMap a/b"))
        assert watched.store.current is before

    asyncio.run(run())
    assert watched.readiness.reason == ""
    assert watched.metric("bundle_refusals_total", reason=reason.value) == 1
    assert watched.metric("bundle_stale") == 1
    assert watched.metric("bundle_refused_timestamp_seconds") > 1_700_000_000
    (line,) = logged("bundle refused")
    assert (line["level"], line["reason"], line["kept"]) == ("ERROR", reason.value, bundle.digest)
    ((kind, place, text),) = watched.told
    assert (kind, place) == ("BundleRefused", "ConfigMap a/b")
    assert text.endswith("(the last good bundle decides)")


def test_a_truncated_or_edited_bundle_is_refused(watch: Any, bundle: Bundle, content: Any) -> None:
    """Half a bundle, and one with a digest that is not its own, never decide."""
    raw = bundles.encode(bundle)
    watched = watch()
    for broken, reason in ((raw[: len(raw) // 2], Reason.MALFORMED), (raw.replace(b'"one"', b'"two"'), Reason.DIGEST)):
        asyncio.run(watched.keeper.offer(content(broken)))
        assert watched.metric("bundle_refusals_total", reason=reason.value) == 1
    assert watched.store.current is None
    assert "its digest does not belong to its content" in watched.readiness.reason
    asyncio.run(watched.keeper.offer(content(raw)))
    assert watched.readiness.reason == ""


def test_going_back_to_what_decides_ends_the_complaint(watch: Any, make_bundle: Make, content: Any) -> None:
    """After a refused bundle the good one may come back as it was: nothing is loaded again, and nothing is stale any more."""
    watched = watch()

    async def run() -> None:
        for each in (content(make_bundle("one")), content(b"broken"), content(make_bundle("one")), content(b"broken")):
            await watched.keeper.offer(each)
            if watched.metric("bundle_refusals_total", reason="malformed") == 1:
                assert watched.metric("bundle_loads_total") == 1
        assert watched.metric("bundle_stale") == 1

    asyncio.run(run())
    assert watched.metric("bundle_refusals_total", reason="malformed") == 2


def test_the_first_bundle_may_be_loaded_at_once(watch: Any, bundle: Bundle, content: Any) -> None:
    """Before anything is served a bad bundle is an error with its place, and a good one is there at once."""
    watched = watch()
    with pytest.raises(BundleError, match=r"^here: not a bundle"):
        watched.keeper.load(content(b"x"))
    assert watched.keeper.load(content(bundle))
    assert watched.digest == bundle.digest


def test_waits_for_the_clusters_identity(watch: Any, make_bundle: Make, content: Any) -> None:
    """A bundle that says which cluster it is for decides as soon as this cluster is known, and not before; others need not wait."""
    watched = watch(asking=True)
    declared = make_bundle("declared", uid=UID)

    async def run() -> None:
        assert not watched.keeper.load(content(declared))
        await watched.keeper.offer(content(make_bundle("undeclared")))
        assert watched.store.current.identity is Identity.UNDECLARED
        offered = asyncio.create_task(watched.keeper.offer(content(declared)))
        await watched.until(lambda: not offered.done() and watched.keeper.trust.known._waiters != [])
        watched.keeper.trust.uid, watched.keeper.trust.asking = UID, False
        watched.keeper.trust.known.set()
        await offered

    asyncio.run(run())
    assert watched.digest == declared.digest
    assert watched.store.current.identity is Identity.CHECKED


def test_an_unchecked_identity_is_told(watch: Any, make_bundle: Make, content: Any, logged: Any) -> None:
    """Where nobody can say which cluster this is, the bundle decides, and log and metric say that it was not checked."""
    watched = watch()
    bundle = make_bundle(uid=UID)
    asyncio.run(watched.keeper.offer(content(bundle)))
    assert watched.metric("bundle_info", cluster="ack-poc", digest=bundle.digest, identity="unchecked", key="") == 1
    assert logged("the bundle says which cluster it is for, and this one is not known; give --cluster-uid")


def test_the_switch_survives_a_reload(watch: Any, make_bundle: Make, content: Any, decided: Any) -> None:
    """What is switched off stays off in every bundle that comes, and comes back when the switch is taken back."""
    watched = watch()

    def owner() -> str | None:
        return decided(watched.store.current.engine).owner  # type: ignore[no-any-return]

    async def run() -> None:
        await watched.keeper.offer(content(make_bundle("one")))
        assert owner() == "web"
        await watched.keeper.throw(parse("web\ntypo"), "the switch")
        assert owner() == "fallback"
        await watched.keeper.offer(content(make_bundle("two")))
        assert owner() == "fallback"
        assert watched.metric("emergency_disabled_policies") == 1
        assert watched.metric("emergency_unknown_names") == 1
        await watched.keeper.throw(parse("*"), "the switch")
        assert watched.metric("emergency_disabled_policies") == 3
        await watched.keeper.throw(parse(""), "the switch")
        assert owner() == "web"
        assert watched.metric("emergency_disabled_policies") == 0

    asyncio.run(run())
    assert [(kind, text) for kind, _, text in watched.told] == [
        ("PoliciesDisabled", "1 of 3 policies are switched off; no policy has the name typo"),
        ("PoliciesDisabled", "3 of 3 policies are switched off"),
        ("PoliciesEnabled", "no policy is switched off any more"),
    ]


def test_the_switch_holds_from_the_first_decision_on(watch: Any, bundle: Bundle, content: Any, decided: Any) -> None:
    """A switch that was thrown before there was a bundle is heeded by the first one."""
    watched = watch()
    asyncio.run(watched.keeper.throw(parse("web"), "the switch"))
    watched.keeper.load(content(bundle))
    assert decided(watched.store.current.engine).owner == "fallback"


def test_a_switch_thrown_while_a_bundle_is_read_holds_for_it(
    watch: Any, make_bundle: Make, content: Any, decided: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no moment in which a bundle decides without the switch, whichever of the two is ready first."""
    watched = watch()
    loop: asyncio.AbstractEventLoop | None = None
    owners: list[str | None] = []
    prepare = Keeper._prepare

    def slowly(self: Keeper, found: Any) -> Any:
        prepared = prepare(self, found)
        assert loop is not None
        asyncio.run_coroutine_threadsafe(self.throw(parse("web"), "the switch"), loop).result(30)
        return prepared

    monkeypatch.setattr(Keeper, "_prepare", slowly)
    swap = watched.store.swap
    monkeypatch.setattr(watched.store, "swap", lambda snapshot: (owners.append(decided(snapshot.engine).owner), swap(snapshot)))

    async def run() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        await watched.keeper.offer(content(make_bundle("one")))
        await watched.keeper.throw(Switch(), "the switch")
        await watched.keeper.offer(content(make_bundle("two")))

    asyncio.run(run())
    assert owners[0] == "fallback"
    assert owners[-1] == "fallback"
    assert set(owners) == {"fallback", "web"}


def test_a_switch_that_was_interrupted_is_heeded_when_it_is_thrown_again(
    watch: Any, bundle: Bundle, content: Any, decided: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed beside the watch, and ended it before the switch held, does not keep the policy that was switched off."""
    watched = watch()
    switch = parse("web")

    def fail(_switch: Switch, _bundle: Bundle) -> None:
        raise RuntimeError("can't start new thread")

    async def test() -> None:
        await watched.keeper.offer(content(bundle))
        with monkeypatch.context() as broken:
            broken.setattr(Switch, "engine", fail)
            with pytest.raises(RuntimeError):
                await watched.keeper.throw(switch, "switch")
        await watched.keeper.throw(switch, "switch")

    asyncio.run(test())
    assert decided(watched.store.current.engine).owner == "fallback"


def test_leaves_the_interpreter_as_it_was(watch: Any, make_bundle: Make, content: Any) -> None:
    """After a load, also a failed one, the collector runs again, new content is not looked at any more, and threads switch as before."""
    watched = watch()
    interval = sys.getswitchinterval()
    gc.unfreeze()

    async def run() -> None:
        await asyncio.gather(watched.keeper.offer(content(b"x")), watched.keeper.throw(parse("web"), "the switch"))
        await watched.keeper.offer(content(make_bundle("one")))

    try:
        asyncio.run(run())
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() == interval
    finally:
        gc.unfreeze()


def test_swaps_leave_nothing_behind(watch: Any, make_bundle: Make, content: Any) -> None:
    """Frozen or not, bundles of the past are freed: a hundred swaps leave no more objects than ten."""
    watched = watch()

    async def swap(times: int) -> int:
        for number in range(times):
            await watched.keeper.offer(content(make_bundle(str(number % 7))))
        gc.unfreeze()
        gc.collect()
        return len(gc.get_objects())

    async def run() -> tuple[int, int]:
        return await swap(10), await swap(100)

    ten, hundred = asyncio.run(run())
    assert hundred - ten < 200

"""Decisions about certificates, one by one, at their edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from webhook.certificates import keyring as keyrings
from webhook.certificates.issuing import names
from webhook.certificates.keyring import Keyring, Step
from webhook.certificates.rotation import SETTLE, Situation, Wish, decide, fulfilled, ready, takes

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = names("overbank-system")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def fresh() -> Keyring:
    """Return a keyring of the first day."""
    return keyrings.create(NAMES, START)


@pytest.fixture(scope="module")
def introduced(fresh: Keyring) -> Keyring:
    """Return one with a successor."""
    return keyrings.apply(Step.INTRODUCE, fresh, NAMES, START)


@pytest.fixture(scope="module")
def promoted(introduced: Keyring) -> Keyring:
    """Return one whose successor signs, from the second day on."""
    return keyrings.apply(Step.PROMOTE, introduced, NAMES, START + DAY)


@pytest.mark.parametrize(
    ("days", "spread", "step"),
    [
        (0, 0, Step.NOTHING),
        (19.9, 0, Step.NOTHING),
        (20.1, 0, Step.RENEW),
        (20.1, 1, Step.NOTHING),
        (21.1, 1, Step.RENEW),
        (31, 1, Step.RENEW),
        (-1, 0, Step.REPLACE),
        (304.9, 0, Step.RENEW),
        (366, 0, Step.REPLACE),
    ],
)
def test_time_alone(fresh: Keyring, days: float, spread: float, step: Step) -> None:
    """A server certificate is renewed after two thirds of its life, spread over a day; out of an authority's time all is made anew."""
    assert decide(fresh, NAMES, Situation(now=START + days * DAY, spread=spread)) is step


def test_an_authority_gets_its_successor_in_time(fresh: Keyring) -> None:
    """Sixty days before its end, spread over a day, the successor comes, however young the server certificate is."""
    renewed = keyrings.apply(Step.RENEW, fresh, NAMES, START + 300 * DAY)
    assert decide(renewed, NAMES, Situation(now=START + 304.9 * DAY)) is Step.NOTHING
    assert decide(renewed, NAMES, Situation(now=START + 305.1 * DAY)) is Step.INTRODUCE
    assert decide(renewed, NAMES, Situation(now=START + 305.1 * DAY, spread=1)) is Step.NOTHING


@pytest.mark.parametrize(("carried", "step"), [(None, Step.NOTHING), (timedelta(0), Step.NOTHING), (SETTLE, Step.PROMOTE)])
def test_a_successor_waits_until_it_is_trusted(introduced: Keyring, carried: timedelta | None, step: Step) -> None:
    """A successor signs once all configurations have carried it for a while."""
    assert decide(introduced, NAMES, Situation(now=START, carried=carried)) is step


def test_a_successor_waits_in_vain_no_longer_than_the_authority_lasts(introduced: Keyring) -> None:
    """When the authority has ended there is nothing to lose, and the successor signs at once."""
    later = keyrings.apply(Step.INTRODUCE, introduced, NAMES, START + 300 * DAY)
    assert decide(later, NAMES, Situation(now=START + 366 * DAY, carried=None)) is Step.PROMOTE
    assert decide(introduced, NAMES, Situation(now=START + 366 * DAY, carried=None)) is Step.REPLACE


def test_a_useless_successor_is_replaced(introduced: Keyring) -> None:
    """A successor from the future, made while a clock was wrong, never signs."""
    wrong = keyrings.apply(Step.INTRODUCE, introduced, NAMES, START + 100 * DAY)
    assert decide(wrong, NAMES, Situation(now=START, carried=SETTLE)) is Step.INTRODUCE


def test_who_has_signed_stays_until_all_that_has_ended(introduced: Keyring, promoted: Keyring) -> None:
    """The authority before stays trusted for as long as certificates by it may be served, and keeps no key."""
    assert promoted.trusted == (promoted.authority.certificate, introduced.authority.certificate)
    assert promoted.leaving_until == START + 31 * DAY
    renewed = keyrings.apply(Step.RENEW, promoted, NAMES, START + 15 * DAY)
    assert decide(renewed, NAMES, Situation(now=START + 30.9 * DAY)) is Step.NOTHING
    assert decide(renewed, NAMES, Situation(now=START + 31.1 * DAY)) is Step.RETIRE
    assert keyrings.apply(Step.RETIRE, renewed, NAMES, START).trusted == (promoted.authority.certificate,)


@pytest.mark.parametrize("days", [-300, -2, 25, 40, 400])
def test_nothing_goes_for_good_when_clocks_jump(promoted: Keyring, days: int) -> None:
    """Whatever an API server's clock says, every authority is trusted still after the step that it leads to."""
    now = START + days * DAY
    step = decide(promoted, NAMES, Situation(now=now, doubtful=True, carried=SETTLE))
    assert step in {Step.NOTHING, Step.RENEW, Step.REPLACE}
    after = keyrings.apply(step, promoted, NAMES, now)
    assert set(promoted.trusted) <= set(after.trusted)
    assert after.authority.certificate in after.trusted


def test_what_can_wait_waits_while_the_time_is_in_doubt(fresh: Keyring, introduced: Keyring) -> None:
    """With two clocks that differ nothing is renewed or promoted before it has to be."""
    for keyring, days in ((fresh, 25), (introduced, 1)):
        assert decide(keyring, NAMES, Situation(now=START + days * DAY, doubtful=True, carried=SETTLE)) is Step.NOTHING
    assert decide(fresh, NAMES, Situation(now=START + 27.5 * DAY, doubtful=True)) is Step.RENEW


def test_a_missing_name_is_added(fresh: Keyring) -> None:
    """A certificate without a name that the webhook is reached by is renewed; one with more names than asked for is left alone."""
    assert decide(fresh, names("elsewhere"), Situation(now=START)) is Step.RENEW
    assert decide(fresh, NAMES[:1], Situation(now=START)) is Step.NOTHING


def test_a_certificate_is_not_renewed_for_nothing(fresh: Keyring) -> None:
    """One that ends with its authority is not renewed over and over towards the end."""
    last = keyrings.apply(Step.INTRODUCE, keyrings.apply(Step.RENEW, fresh, NAMES, START + 350 * DAY), NAMES, START + 350 * DAY)
    assert last.server.leaf.not_valid_after_utc == last.authority.certificate.not_valid_after_utc
    assert decide(last, NAMES, Situation(now=START + 364 * DAY)) is Step.NOTHING


@pytest.mark.parametrize(
    ("wish", "step"), [(Wish.SERVER, Step.RENEW), (Wish.AUTHORITY, Step.INTRODUCE), (Wish.RETIRE, Step.NOTHING)]
)
def test_wishes(fresh: Keyring, wish: Wish, step: Step) -> None:
    """An operator gets a new server certificate or a new authority at once; there may be nobody to retire."""
    assert decide(fresh, NAMES, Situation(now=START, wish=wish)) is step
    assert fulfilled(wish, fresh, step)


def test_retiring_by_hand_waits_for_the_replicas(promoted: Keyring) -> None:
    """Authorities are retired on request when all replicas have had the time to serve what the new one signed."""
    wish = Situation(now=START + DAY, wish=Wish.RETIRE, carried=SETTLE)
    assert decide(promoted, NAMES, wish) is Step.NOTHING
    assert not fulfilled(Wish.RETIRE, promoted, Step.NOTHING)
    assert decide(promoted, NAMES, replace(wish, signing=SETTLE)) is Step.RETIRE


def test_retiring_is_not_forgotten_before_anybody_leaves(introduced: Keyring, promoted: Keyring) -> None:
    """Who asks for it while the new authority does not sign yet gets it as soon as the old one can go, and need not ask again."""
    wish = Situation(now=START, wish=Wish.RETIRE, carried=SETTLE / 2, signing=SETTLE)
    assert decide(introduced, NAMES, wish) is Step.NOTHING
    assert not fulfilled(Wish.RETIRE, introduced, Step.NOTHING)
    assert decide(introduced, NAMES, replace(wish, carried=SETTLE)) is Step.PROMOTE
    assert not fulfilled(Wish.RETIRE, introduced, Step.PROMOTE)
    assert decide(promoted, NAMES, replace(wish, now=START + DAY, carried=SETTLE)) is Step.RETIRE


def test_who_serves_waits_for_the_configurations(fresh: Keyring, promoted: Keyring) -> None:
    """A replica goes over to another authority's certificate once that is trusted; one with nothing of use goes over at once."""
    now = Situation(now=START + DAY)
    assert takes(None, promoted, now, asked=True)
    assert not takes(fresh, promoted, now, asked=True)
    assert not takes(fresh, promoted, replace(now, carried=SETTLE / 2), asked=True)
    assert takes(fresh, promoted, replace(now, carried=SETTLE), asked=True)
    assert takes(fresh, promoted, replace(now, now=START + 30.5 * DAY), asked=True), "what it has has expired"
    assert not takes(fresh, promoted, replace(now, now=START, carried=SETTLE), asked=True), "not valid yet"
    assert takes(fresh, promoted, now, asked=False), "nobody is sent to it yet"
    assert not takes(fresh, promoted, replace(now, now=START), asked=False), "not valid yet"
    unrelated = keyrings.create(NAMES, START)
    assert not takes(fresh, unrelated, now, asked=True)
    assert takes(fresh, unrelated, replace(now, carried=timedelta(0)), asked=True), "nobody trusts its own any more"
    assert takes(fresh, keyrings.apply(Step.RENEW, fresh, NAMES, START), now, asked=True)


def test_a_new_authority_beside_others_settles_before_anything_is_sent(fresh: Keyring) -> None:
    """A replica that starts with an authority that was made lately beside others is ready when that has settled; else at once."""
    beside = keyrings.create(NAMES, START, fresh.trusted)
    assert beside.trusted == (beside.authority.certificate, fresh.authority.certificate)
    now = Situation(now=START, carried=timedelta(0))
    assert ready(fresh, now)
    assert not ready(fresh, replace(now, carried=None))
    assert not ready(beside, now)
    assert ready(beside, replace(now, carried=SETTLE))
    assert ready(beside, replace(now, now=START + DAY))


def test_a_promotion_needs_somebody(fresh: Keyring) -> None:
    """There is no promotion without a successor."""
    with pytest.raises(ValueError, match="no successor"):
        keyrings.apply(Step.PROMOTE, fresh, NAMES, START)
    assert keyrings.apply(Step.NOTHING, fresh, NAMES, START) is fresh

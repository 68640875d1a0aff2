"""Who comes back from the platform is who set out, once, in the same browser, and nobody else."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.pages import visitors
from bot.pages.visitors import TRIP_COOKIE, TRIP_LIFE, VISITOR_COOKIE, VISITOR_LIFE, Trip, Visitor
from bot.settings import Secret
from data.delivery.token_models import UsedToken
from data.kernel.clock import TurnableClock
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, meet
from tests.bot.pages.shared_team import Shared
from tests.builders import NOW
from tests.peers.wechat_platform import APP_ID

KEY, OTHER = Secret("app-secret"), Secret("another-secret")
SHARE = "s" * 22


def people(shared: Shared, openid: str) -> list[str]:
    with shared.tuanzi.database.reading() as session:
        found = select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == openid)
        return list(session.scalars(found))


def test_the_openid_is_kept_as_the_persons_identity_and_is_one_with_their_chat(
    shared: Shared,
) -> None:
    with shared.tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.external_id == APP_ID)
        ).one()
        person = meet(session, account=account, external_id="ann", name="Ann", locale=None, now=NOW)
    shared.introduced("ann")
    shared.introduced("bob")
    assert people(shared, "ann") == [person.id]
    assert len(people(shared, "bob")) == 1


def test_a_state_works_once(shared: Shared) -> None:
    browser = shared.browser()
    back = shared.travel(browser, "ann")
    cookie = browser.cookies[TRIP_COOKIE]
    assert browser.get(back).status_code == 303
    browser.cookies.set(TRIP_COOKIE, cookie, domain="127.0.0.1")
    assert browser.get(back).status_code == 403


def test_a_state_works_in_the_browser_that_set_out(shared: Shared) -> None:
    """A link with somebody else's code makes nobody be them."""
    back = shared.travel(shared.browser(), "mallory")
    victim = shared.browser()
    assert victim.get(back).status_code == 403
    shared.travel(victim, "victim")  # also one who is on a trip of their own
    assert victim.get(back).status_code == 403
    assert VISITOR_COOKIE not in victim.cookies
    assert people(shared, "mallory") == []


def test_a_trip_that_took_too_long_is_over(shared: Shared) -> None:
    browser = shared.browser()
    back = shared.travel(browser, "ann")
    assert isinstance(shared.tuanzi.clock, TurnableClock)
    shared.tuanzi.clock.advance(TRIP_LIFE)
    assert browser.get(back).status_code == 403


def test_who_does_not_want_to_is_back_at_the_team_unknown(shared: Shared) -> None:
    browser = shared.browser()
    back = shared.travel(browser, "ann")
    path, _, query = back.partition("?")
    state = next(part for part in query.split("&") if part.startswith("state="))
    answer = browser.get(f"{path}?{state}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/g/{shared.token}")
    assert VISITOR_COOKIE not in browser.cookies


def test_a_code_that_the_platform_does_not_know_is_nobodys(shared: Shared) -> None:
    browser = shared.browser()
    back = shared.travel(browser, "ann").replace("code=", "code=0")
    assert browser.get(back).status_code == 502
    assert VISITOR_COOKIE not in browser.cookies


@pytest.mark.parametrize(
    "path",
    [
        "/wechat/wx_unknown/oauth?g={token}",
        "/wechat/{app}/oauth",
        "/wechat/{app}/oauth?g=//evil.example",
        "/wechat/{app}/oauth?g={token}%0d%0aX:1",
    ],
)
def test_t44_the_way_leads_to_a_team_of_ours_or_nowhere(shared: Shared, path: str) -> None:
    answer = shared.browser().get(path.format(app=APP_ID, token=shared.token))
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_t45_the_way_back_is_our_public_address(shared: Shared) -> None:
    browser = shared.browser()
    there = browser.get(
        f"/wechat/{APP_ID}/oauth?g={shared.token}", headers={"Host": "localhost"}
    ).headers["location"]
    assert "localhost" not in there
    assert browser.get(f"/g/{shared.token}", headers={"Host": "evil.example"}).status_code == 400


def test_t47_the_secret_is_in_no_answer_cookie_or_log(
    shared: Shared, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = shared.introduced("ann")
        shown = [browser.get(f"/g/{shared.token}").text, str(dict(browser.cookies))]
    assert "CANARY" not in caplog.text + "".join(shown)


def test_a_state_is_letters_and_digits_and_short_enough_for_the_vendor() -> None:
    state = visitors.set_out(KEY, SHARE, NOW).state
    assert state.isalnum()
    assert len(state) <= 128


def test_a_trip_that_was_changed_anywhere_leads_nowhere() -> None:
    trip = visitors.set_out(KEY, SHARE, NOW)
    assert visitors.come_back(KEY, trip, NOW)
    assert visitors.come_back(OTHER, trip, NOW) is None
    assert visitors.come_back(KEY, trip, NOW + TRIP_LIFE) is None
    for place in range(len(trip.state)):
        assert visitors.come_back(KEY, Trip(trip.cookie, _changed(trip.state, place)), NOW) is None
    for place in range(len(trip.cookie)):
        changed = Trip(_changed(trip.cookie, place), trip.state)
        assert visitors.come_back(KEY, changed, NOW) is None


def test_a_visitors_note_that_was_changed_anywhere_names_nobody() -> None:
    visitor = Visitor("per_" + "a" * 16, "acc_" + "b" * 16)
    note = visitors.note(KEY, visitor, NOW)
    assert visitors.recognise(KEY, note, NOW) == visitor
    assert visitors.recognise(OTHER, note, NOW) is None
    assert visitors.recognise(KEY, note, NOW + VISITOR_LIFE) is None
    for place in range(len(note)):
        assert visitors.recognise(KEY, _changed(note, place), NOW) is None
    for junk in ("", "per_a", "per_a.acc_b.zz.", "团" * 50, note + "0"):
        assert visitors.recognise(KEY, junk, NOW) is None


def test_a_note_of_one_kind_is_none_of_the_other() -> None:
    trip = visitors.set_out(KEY, SHARE, NOW)
    assert visitors.recognise(KEY, trip.cookie, NOW) is None
    note = visitors.note(KEY, Visitor("per_a", "acc_b"), NOW - timedelta(seconds=1))
    assert visitors.come_back(KEY, Trip(note, trip.state), NOW) is None


def test_what_was_used_up_is_forgotten_in_time(shared: Shared) -> None:
    for openid in ("ann", "bob"):
        shared.introduced(openid)
        assert isinstance(shared.tuanzi.clock, TurnableClock)
        shared.tuanzi.clock.advance(TRIP_LIFE)
    with shared.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UsedToken)) == 1


def _changed(text: str, place: int) -> str:
    other = "1" if text[place] == "0" else "0"
    return text[:place] + other + text[place + 1 :]

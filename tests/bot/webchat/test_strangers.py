"""What strangers try at the chat of a merchant's site: tokens, pages, floods."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.webchat.sites import close_site, find_site, renew_key
from bot.webchat.visitors import GOOD_FOR, RENEWED_FOR
from data.delivery.models import InboxRow
from data.kernel.clock import TurnableClock
from data.merchants import ChannelAccount, Merchant
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import PAGE, Frame, a_frame, a_site


def later(frame: Frame, wait: timedelta) -> None:
    clock = frame.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(wait)


def stored(demo: Demo) -> int:
    with demo.tuanzi.database.reading() as session:
        return session.scalar(select(func.count()).select_from(InboxRow)) or 0


def test_t12_a_token_of_one_site_opens_no_other(demo: Demo, frame: Frame) -> None:
    foreign = a_frame(demo, a_site(demo, origin="https://other.example"))
    frame.token = foreign.token
    assert frame.say("hello").status_code == 401
    assert frame.begin().json()["new"] is True
    assert frame.visitor != foreign.visitor


def test_a_token_is_good_for_a_day_and_renewed_for_ninety(frame: Frame) -> None:
    frame.say("hello")
    visitor = frame.visitor
    later(frame, GOOD_FOR)
    assert frame.say("hello again").status_code == 401
    assert frame.begin().json()["new"] is False
    assert frame.visitor == visitor
    assert frame.lines() == ["hello"]
    later(frame, RENEWED_FOR)
    assert frame.begin().json()["new"] is True
    assert frame.hear()["items"] == []


def test_a_new_key_makes_all_tokens_worthless(demo: Demo, frame: Frame) -> None:
    with demo.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, frame.account)
        renew_key(session, account)
    assert frame.say("hello").status_code == 401


def test_a_site_that_is_closed_is_not_there(demo: Demo, frame: Frame) -> None:
    with demo.tuanzi.database.transaction() as session:
        merchant_id = session.scalars(select(Merchant.id)).one()
        close_site(find_site(session, merchant_id=merchant_id, account_id=frame.account))
    assert frame.say("hello").status_code == 404
    assert frame.begin().status_code == 404
    assert frame.client.get(f"/webchat/{frame.account}/frame").status_code == 404


def test_t11_only_accounts_of_sites_have_a_chat(demo: Demo, frame: Frame) -> None:
    """The REST door and the demo's page are accounts too."""
    with demo.tuanzi.database.reading() as session:
        others = session.scalars(
            select(ChannelAccount.id).where(ChannelAccount.id != frame.account)
        ).all()
        merchant_id = session.scalars(select(Merchant.id)).one()
        found = find_site(session, merchant_id=merchant_id, account_id=frame.account)
    assert found.id == frame.account
    assert others
    for account in (*others, "acc_nobody", "..", "a" * 300):
        stranger = a_frame(demo, account, begun=False)
        assert stranger.begin().status_code in (404, 405), account


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": PAGE},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:81"},
        {"Origin": PAGE},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_t42_another_page_can_neither_speak_nor_listen(
    demo: Demo, frame: Frame, headers: dict[str, str]
) -> None:
    """Not the merchant's own either: the frame alone speaks, so nothing needs CORS."""
    page = a_frame(demo, frame.account, begun=False, **headers)
    page.token = frame.token
    answers = [
        page.begin(),
        page.say("hello"),
        page.press("token"),
        page.send(b"%PDF-1.7"),
        page.client.get(f"/webchat/{frame.account}/messages", headers=page.bearer),
        page.client.get(f"/webchat/{frame.account}/stream", headers=page.bearer),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6
    asked = page.client.options(f"/webchat/{frame.account}/say")
    for answer in (*answers, asked):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert stored(demo) == 0


def test_t03_a_flood_of_one_visitor_stops_at_twenty_a_minute(demo: Demo, frame: Frame) -> None:
    calm = a_frame(demo, frame.account)
    answers = [frame.say(f"line {number}").status_code for number in range(60)]
    assert answers[:20] == [202] * 20
    assert set(answers[20:]) == {429}
    assert stored(demo) == 20
    assert calm.say("hello").status_code == 202
    later(frame, timedelta(seconds=30))
    assert [frame.say("on").status_code for _ in range(11)] == [202] * 10 + [429]


@pytest.mark.slow
def test_t03_ten_thousand_a_minute_leave_twenty_lines(demo: Demo, frame: Frame) -> None:
    answers = [frame.say("again and again").status_code for _ in range(10_000)]
    assert answers.count(202) == 20
    assert set(answers) == {202, 429}
    assert stored(demo) == 20


def test_t03_one_address_makes_no_more_than_twenty_visitors_a_minute(
    demo: Demo, frame: Frame
) -> None:
    """Each could fill a chat; whoever was here before comes in all the same."""
    stranger = a_frame(demo, frame.account, begun=False)
    answers = [stranger.begin("").status_code for _ in range(25)]
    assert answers == [200] * 20 + [429] * 5
    assert stranger.begin(frame.token).status_code == 200


def test_only_so_many_tabs_of_one_visitor_listen(frame: Frame) -> None:
    newsroom = frame.client.app.state.newsroom  # type: ignore[attr-defined]  # the site
    address = (frame.account, frame.visitor)

    path = f"/webchat/{frame.account}/messages"
    with ExitStack() as tabs:
        for _ in range(12):
            tabs.enter_context(newsroom.waiting(address))
        assert frame.client.get(path, headers=frame.bearer).status_code == 429
    assert frame.client.get(path, headers=frame.bearer).status_code == 200

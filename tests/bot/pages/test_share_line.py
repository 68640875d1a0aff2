"""The page of a team that is full: it leads to the line, promises nothing, and offers no more than
the chat can give."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.publishing import publish_shipped_flows
from data.group_buys import (
    PayMode,
    Team,
    TeamState,
    wait_for_place,
)
from data.group_buys.waiting import MOST_WAITING
from data.merchants import ChannelAccount
from data.people import ChannelIdentity
from tests.bot.browser import form_token
from tests.bot.conftest import Street
from tests.bot.pages.shared_team import Shared, a_shared_team
from tests.builders import NOW
from tests.peers.wechat_platform import Remote


@pytest.fixture
def without_words(street: Street, platform: Remote) -> Iterator[Shared]:
    """A full team of a shop whose flows are older than the line."""
    with a_shared_team(street, platform) as shared:
        change(shared, held=3)
        yield shared


@pytest.fixture
def full(without_words: Shared) -> Shared:
    with without_words.tuanzi.database.transaction() as session:
        publish_shipped_flows(session, merchant_id=without_words.merchant, by="Lan", now=NOW)
    return without_words


def change(shared: Shared, **values: object) -> None:
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Team).where(Team.id == shared.team).values(**values))


def page(shared: Shared, *, wechat: bool = True, language: str = "zh-CN") -> str:
    answer = shared.browser(wechat=wechat, language=language).get(f"/g/{shared.token}")
    assert answer.status_code == 200
    return answer.text


def by_telegram(shared: Shared) -> None:
    with shared.tuanzi.database.transaction() as session:
        bot = ChannelAccount(
            id="acc_bot",
            merchant_id=shared.merchant,
            channel="telegram",
            external_id="7",
            settings={"username": "shop_bot"},
            created_at=NOW,
        )
        session.add(bot)


def waits(shared: Shared, openid: str) -> None:
    """Who was introduced by this name gets in line."""
    with shared.tuanzi.database.transaction() as session:
        who = select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == openid)
        person = session.scalars(who).one()
        wait_for_place(session, team_id=shared.team, person_id=person, now=NOW)


@pytest.mark.parametrize(
    ("language", "full_says", "no_promise", "button"),
    [
        ("zh-CN", "名额已满", "不一定会有名额空出来", "到 Telegram 排队"),
        ("zh-TW", "名額已滿", "不一定會有名額釋出", "到 Telegram 排候補"),
        (
            "en-GB",
            "Every place is taken",
            "it is not certain that one does",
            "Get in line in Telegram",
        ),
    ],
)
def test_a_full_team_leads_to_its_line_and_promises_no_place(
    full: Shared, language: str, full_says: str, no_promise: str, button: str
) -> None:
    by_telegram(full)
    text = page(full, wechat=False, language=language)
    assert full_says in text
    assert no_promise in text
    assert button in text
    assert f"https://t.me/shop_bot?start={full.token}" in text
    assert f"/g/{full.token}/wechat" in text
    assert "<form" not in text
    assert "share." not in text


def test_in_wechat_a_code_leads_there_and_asks_for_no_name(full: Shared) -> None:
    text = page(full)
    assert f'href="/g/{full.token}/wechat"' in text
    assert "oauth" not in text
    code = full.browser().get(f"/g/{full.token}/wechat").text
    assert "showqrcode?ticket=" in code
    assert "不一定会有名额空出来" in code
    assert "都可以在店铺的聊天里参团" not in code


def test_the_card_that_is_passed_on_says_so_too(full: Shared) -> None:
    title = re.search(r'og:title" content="([^"]*)"', page(full, language="en-GB"))
    assert title
    assert "every place is taken, there is a line" in title[1]


def test_how_many_wait_is_counted_and_nobody_is_named(full: Shared) -> None:
    full.introduced("ann")
    waits(full, "ann")
    text = page(full, wechat=False)
    assert "1 人在排队" in text
    assert "你在排队" not in text


def test_who_waits_sees_so_on_their_own_screen_and_is_offered_nothing_more(full: Shared) -> None:
    browser = full.introduced("ann")
    waits(full, "ann")
    text = browser.get(f"/g/{full.token}").text
    assert "你在排队，现在是第 1 位" in text
    assert f"/g/{full.token}/wechat" not in text


def test_a_place_that_is_kept_for_the_line_is_offered_to_nobody_else(full: Shared) -> None:
    """In the moment between its coming free and its being given on."""
    change(full, held=2, waiting=1)
    text = page(full)
    assert "名额已满" in text
    assert "oauth" not in text


def test_a_line_that_is_full_too_is_not_offered(full: Shared) -> None:
    change(full, waiting=MOST_WAITING)
    text = page(full)
    assert "排队的人也满了" in text
    assert f"/g/{full.token}/wechat" not in text


def test_where_everybody_pays_now_one_may_wait_until_the_window_ends(full: Shared) -> None:
    now = full.tuanzi.clock.now()
    paying = {"state": TeamState.PAYING, "mode": PayMode.JOIN_FIRST, "final_size": 3}
    change(full, **paying, pay_until=now + timedelta(hours=1))
    assert f"/g/{full.token}/wechat" in page(full)
    change(full, pay_until=now)
    text = page(full)
    assert "正在结算" in text
    assert f"/g/{full.token}/wechat" not in text


def test_a_press_that_came_too_late_is_led_to_the_line(full: Shared) -> None:
    change(full, held=2)
    browser = full.introduced("late")
    form = {"csrf": form_token(browser.get(f"/g/{full.token}"))}
    change(full, held=3)
    refused = browser.post(f"/g/{full.token}/join", data=form)
    assert refused.status_code == 409
    assert f'href="/g/{full.token}/wechat"' in refused.text


def test_a_shop_whose_flows_know_no_line_offers_none(without_words: Shared) -> None:
    text = page(without_words, wechat=False)
    assert "名额已满" in text
    assert f"/g/{without_words.token}/wechat" not in text
    assert "排队" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "复制本页网址"),
        ("zh-TW", "複製本頁網址"),
        ("en-GB", "copy this page's address"),
    ],
)
def test_without_a_door_of_these_the_address_is_sent_to_the_shops_chat(
    full: Shared, language: str, words: str
) -> None:
    """As team links work where they are pasted."""
    with full.tuanzi.database.transaction() as session:
        session.execute(
            update(ChannelAccount).where(ChannelAccount.channel == "wechat").values(enabled=False)
        )
    assert words in page(full, wechat=False, language=language)
    change(full, held=1)
    shown = page(full, wechat=False, language=language)
    assert f"/g/{full.token}</p>" in shown, "the only way in is shown itself"

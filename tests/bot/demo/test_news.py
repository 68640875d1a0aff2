"""What the page is told: everything once, in order, and how it came about."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.demo.bank import bills
from bot.demo.clock import clock_of, settle
from bot.demo.seeding import GROUP
from bot.demo.stream import Leaving, tell
from bot.pages.bank import visit_bank
from bot.web.cursors import Cursor, read_cursor
from data.payments.sandbox_models import Outcome
from tests.bot.open_demo import CHATS, Demo

GIFT = "给我妈挑个生日礼物，三百以内"
ADDRESS = "张小兰 13800138000 上海市徐汇区漕溪路 1 号"


def buy_together(demo: Demo, who: str) -> str:
    """Their seat, address and order; gives the token of their bill."""
    demo.say(ADDRESS, who=who)
    demo.press("确认参团", who=who)
    with demo.tuanzi.database.reading() as session:
        found = bills(session, chats=[who], now=demo.tuanzi.clock.now())
    return str(found[0]["path"]).rsplit("/", 1)[-1]


def pay(demo: Demo, token: str) -> None:
    async def go() -> None:
        await visit_bank(demo.tuanzi, token=token, outcome=Outcome.APPROVED)
        await settle(demo.tuanzi)

    clock_of(demo.tuanzi).advance(timedelta(seconds=1))
    asyncio.run(go())


def test_a_turn_is_told_from_what_was_heard_to_what_was_sent(demo: Demo) -> None:
    demo.say(GIFT, locale="zh-Hans")
    (turn,) = demo.told("turn")
    assert turn["line"]["text"] == GIFT
    assert turn["understood"]["intent"] == "gift_find"
    assert "gift_finder" in {step["flow"] for step in turn["steps"]}
    written = {row["table"]: row["count"] for row in turn["rows"]}
    assert written["inbox"] == 1
    assert written["conversations"] == 1
    assert written["outbox"] == len(turn["messages"])
    assert {"chat": "you", "live": False}.items() <= turn["messages"][0].items()


def test_after_a_cursor_only_what_is_new_is_told(demo: Demo) -> None:
    demo.say(GIFT, locale="zh-Hans")
    first = demo.news()
    assert demo.news(first.cursor).items == []
    demo.say("便宜点")
    second = demo.news(first.cursor)
    assert [body["text"] for kind, body in second.items if kind == "said"] == ["便宜点"]
    assert [*first.items, *second.items] == demo.news(Cursor()).items


def test_the_live_card_keeps_its_name_while_it_changes(demo: Demo) -> None:
    demo.say("@团子 拼团买茶壶", who="lan", where="group")
    demo.press("参团", who="wei", where="group")
    cards = [item for item in demo.told("message") if item["live"]]
    assert len(cards) == 2
    assert len({card["live"] for card in cards}) == 1
    assert cards[0]["id"] < cards[1]["id"]
    assert {card["chat"] for card in cards} == {GROUP}


def test_money_that_moves_by_itself_is_told_as_a_moment_of_its_own(demo: Demo) -> None:
    demo.say("@团子 拼团买茶壶", who="lan", where="group")
    token = buy_together(demo, "lan")
    before = demo.news().cursor
    pay(demo, token)
    moments = demo.told("turn", before)
    facts = {
        (row["table"], fact["state"])
        for turn in moments
        for row in turn["rows"]
        for fact in row["told"] or ()
    }
    assert ("orders", "waiting_group") in facts
    assert ("payment_attempts", "captured") in facts
    assert all(turn["line"] is None for turn in moments)


def test_a_bill_waits_until_it_is_paid(demo: Demo) -> None:
    demo.say("@团子 拼团买茶壶", who="lan", where="group")
    token = buy_together(demo, "lan")
    with demo.tuanzi.database.reading() as session:
        (bill,) = bills(session, chats=CHATS, now=demo.tuanzi.clock.now())
    assert bill["path"] == f"/pay/{token}"
    assert bill["who"] == "lan"
    pay(demo, token)
    with demo.tuanzi.database.reading() as session:
        assert bills(session, chats=CHATS, now=demo.tuanzi.clock.now()) == []


@pytest.mark.parametrize("text", ["", "1", "1.", ".2", "1.x", "x.1", "-1.2", "1.2.3", "²."])
def test_a_cursor_that_we_did_not_write_is_none(text: str) -> None:
    assert read_cursor(text) is None


def test_a_cursor_reads_as_it_was_written() -> None:
    assert read_cursor(str(Cursor(12, 34))) == Cursor(12, 34)


def test_the_stream_waits_for_the_bell_and_ends_when_the_process_leaves(demo: Demo) -> None:
    leaving = Leaving(demo.tuanzi.bell)

    async def listen() -> list[str]:
        told = tell(demo.tuanzi, leaving, CHATS, None)
        first = [await anext(told), await anext(told)]
        waiting = asyncio.ensure_future(anext(told))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        line = {"as": "you", "id": "one", "text": GIFT, "locale": "zh-Hans"}
        await asyncio.to_thread(demo.client.post, "/demo/say", json=line)
        said = await asyncio.wait_for(waiting, 5)
        rest = asyncio.ensure_future(_drain(told))
        await asyncio.sleep(0.05)
        leaving()
        await asyncio.wait_for(rest, 5)
        return [*first, said, *rest.result()]

    heard = asyncio.run(listen())
    assert heard[0] == "retry: 1000\n\n"
    assert heard[2].startswith("event: said\n")
    assert heard[-1].startswith("id: ")
    assert sum(part.startswith("event: message\n") for part in heard) >= 2


async def _drain(told: AsyncIterator[str]) -> list[str]:
    return [part async for part in told]

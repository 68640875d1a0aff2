"""What a desk gave: kept with its cursor or not at all, once, and each message for itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import storing
from bot.delivery.bell import Bell
from bot.delivery.wecom_accounts import Place, connect
from bot.delivery.wecom_inbox import WeComInbox
from bot.delivery.wecom_listening import Listening
from bot.delivery.wecom_windows import DeskWindows
from bot.settings import Secret
from data.delivery import cursors
from data.delivery.models import Allowance, InboxRow, OutboxRow
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.people import Chat
from integrations.http import Unreachable
from integrations.wechat_errors import QuotaReached, WeChatError, WordRefused
from integrations.wecom import News
from tests.bot.delivery.wecom import ANN, CORP, DESK, OTHER_DESK, Company, a_bell, happened, said
from tests.builders import NOW, a_merchant


def windows(company: Company) -> DeskWindows:
    tuanzi, account = company.tuanzi, company.account
    return DeskWindows(tuanzi.database, tuanzi.clock, account.id, account)


def pass_time(company: Company, **time: float) -> None:
    clock = company.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(timedelta(**time))


def answers(company: Company) -> list[OutboxRow]:
    with company.tuanzi.database.reading() as session:
        mine = OutboxRow.account_id == company.account.id
        return list(session.scalars(select(OutboxRow).where(mine)))


def test_a_message_is_stored_with_the_cursor_and_answered(company: Company) -> None:
    company.give(said("你好"))
    assert company.inbox.position() == "c1"
    company.work()
    assert [row.state for row in company.rows()] == ["handled"]
    assert answers(company)


def test_what_is_told_again_has_one_effect(company: Company) -> None:  # T02
    for _ in range(2):
        company.give(said("你好"), said("你好"))
    assert len(company.rows()) == 1


def test_a_crash_while_a_page_is_kept_keeps_nothing_of_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_given: object, **_named: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(cursors, "advance", die)
        with pytest.raises(SystemExit):
            company.give(said("你好"))
    assert (company.rows(), company.inbox.position()) == ([], None)
    company.give(said("你好"))
    assert len(company.rows()) == 1


def test_a_slow_process_does_not_move_the_cursor_back(company: Company) -> None:
    company.give(said("a", number="m1"), to="c1")
    company.give(said("b", number="m2"), to="c2", before="c1")
    company.give(said("a", number="m1"), to="c1", before=None)
    assert company.inbox.position() == "c2"


POISON: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    said("x", msgid=7),
    said("x", msgtype=None),
    said("x", send_time="yesterday"),
    said("x", send_time=-1),
    said("x", text={"content": {"a": 1}}),
    said("half an emoji \ud83d", number="\ud800"),
    said("nul \x00", number="nul"),
    said("x" * 60_000, number="long"),
    {"msgid": "e", "origin": 4, "msgtype": "event", "event": ["enter_session"]},
    happened("nobody_knows"),
    happened("msg_send_fail", fail_type=10),
    happened("enter_session", welcome_code={"a": 1}),
    said("x", number="n" * 500),
    said("x", number="nan", extra=float("nan")),
    said("x", number="big", extra=10**400),
]


@pytest.mark.slow
def test_poison_harms_nothing_before_or_behind_it(company: Company) -> None:  # T04
    company.give(said("before", number="m1"), *POISON, said("behind", number="m2"))
    company.work()
    states = {row.event_id: row.state for row in company.rows()}
    assert states["m1"] == states["m2"] == "handled"
    assert set(states.values()) <= {"handled", "dead"}


def test_poison_harms_nothing_on_either_database(each_database: Database) -> None:  # T04
    with each_database.transaction() as session:
        merchant = a_merchant(session).id
        secret, place = Secret("s" * 43), Place(DESK)
        account = connect(
            session, merchant_id=merchant, keys=CORP, secret=secret, place=place, now=NOW
        )
    page = [said("before", number="m1"), *POISON, said("behind", number="m2")]
    inbox = WeComInbox(each_database, TurnableClock(NOW), account)
    inbox.store(News(next_cursor="c1", msg_list=page), None)
    with each_database.reading() as session:
        kept = set(session.scalars(select(InboxRow.event_id)))
        assert cursors.position(session, account_id=account.id) == "c1"
    assert {"m1", "m2"} <= kept


def test_another_desk_staff_and_what_was_said_before_us_are_not_taken(company: Company) -> None:
    company.give(
        said("x", number="m1", open_kfid=OTHER_DESK),
        said("x", number="m2", origin=5, servicer_userid="lan"),
        said("x", number="m3", send_time=company.now - 60),
        said("x", number="m4", send_time=company.now),
    )
    assert [row.event_id for row in company.rows()] == ["m4"]


def test_who_writes_without_end_holds_up_nobody(  # T03
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BACKLOG", 3)
    flood = [said("x", number=f"f{number}", who="wm_mallory") for number in range(10)]
    company.give(*flood, said("你好", number="m1"))
    reasons = [row.reason for row in company.rows()]
    assert reasons.count("flood") == 7
    assert company.inbox.position() == "c1"
    company.work()
    assert {row.state for row in company.rows() if row.event_id == "m1"} == {"handled"}


# — what it lets us say —


def left(company: Company) -> list[tuple[str, int]]:
    with company.tuanzi.database.reading() as session:
        return [(one.source, one.remaining) for one in session.scalars(select(Allowance))]


def test_their_message_opens_five_within_48_hours_from_when_it_was_said(company: Company) -> None:
    pass_time(company, hours=40)
    company.give(said("你好", send_time=company.now - 30 * 3600))
    assert left(company) == [("message", 5)]
    assert windows(company).spend(ANN, ["message"]) == "message"
    pass_time(company, hours=19)
    assert windows(company).spend(ANN, ["message"]) is None


def test_an_event_and_a_repeat_open_nothing(company: Company) -> None:
    company.give(happened("user_recall_msg"), happened("enter_session", number="e2"))
    assert left(company) == []
    company.give(said("你好"))
    windows(company).spend(ANN, ["message"])
    company.give(said("你好"))
    assert left(company) == [("message", 4)]


def test_a_greeting_is_used_once_and_within_twenty_seconds(company: Company) -> None:
    came = happened("enter_session", welcome_code="CODE", send_time=company.now)
    company.give(came)
    assert windows(company).greeting("wm_bob") is None
    assert windows(company).greeting(ANN) == "CODE"
    assert windows(company).greeting(ANN) is None
    company.give(happened("enter_session", number="e2", welcome_code="CODE2"))
    pass_time(company, seconds=21)
    assert windows(company).greeting(ANN) is None


def test_a_customer_who_refuses_us_is_not_written_to(company: Company) -> None:
    company.give(said("你好"))
    company.give(happened("msg_send_fail", fail_type=10))
    company.work()
    with company.tuanzi.database.reading() as session:
        chat = session.scalars(select(Chat).where(Chat.external_id == ANN)).one()
    assert chat.reachable is False


# — fetching —


class Shelf:
    """A desk with pages; an exception is raised where a page would be."""

    def __init__(self, *pages: News | Exception) -> None:
        self.pages = list(pages)
        self.asked: list[tuple[str, str]] = []

    async def news(self, cursor: str, word: str) -> News:
        self.asked.append((cursor, word))
        page = self.pages.pop(0) if self.pages else News(next_cursor=cursor)
        if isinstance(page, Exception):
            raise page
        return page


def listening(company: Company, *pages: News | Exception) -> Listening:
    return Listening(Shelf(*pages), company.inbox, Bell())


def look(ears: Listening) -> list[tuple[str, str]]:
    assert isinstance(ears.desk, Shelf)
    ears.desk.asked.clear()
    asyncio.run(ears._tried())
    return ears.desk.asked


def test_at_first_it_asks_without_a_bell_and_then_waits_for_one(company: Company) -> None:
    ears = listening(company, News(next_cursor="c1", msg_list=[said("你好")]))
    assert look(ears) == [("", "")]
    assert look(ears) == []
    company.bring(a_bell("WORD"))
    assert look(ears) == [("c1", "WORD")]
    assert company.bell() is None


def test_every_page_is_fetched_also_behind_an_empty_one(company: Company) -> None:
    pages = [
        News(next_cursor="c1", has_more=1, msg_list=[said("a", number="m1")]),
        News(next_cursor="c2", has_more=1),
        News(next_cursor="c3", msg_list=[said("b", number="m2")]),
    ]
    assert look(listening(company, *pages)) == [("", ""), ("c1", ""), ("c2", "")]
    assert [row.event_id for row in company.rows()] == ["m1", "m2"]
    assert company.inbox.position() == "c3"


def test_a_bell_stays_until_it_was_followed(company: Company) -> None:
    company.bring(a_bell("WORD"))
    ears = listening(company, Unreachable("away"), News(next_cursor="c1"))
    look(ears)
    assert company.bell() == "WORD"
    look(ears)
    assert company.bell() is None


def test_a_word_that_opens_nothing_any_more_is_left_out(company: Company) -> None:
    company.bring(a_bell("OLD"))
    ears = listening(company, WordRefused(95007), News(next_cursor="c1"))
    assert look(ears) == [("", "OLD"), ("", "")]
    company.bring(a_bell("WORD"))
    pass_time(company, minutes=11)
    assert look(ears) == [("c1", "")]


def test_a_cursor_that_is_refused_is_left_out_and_what_comes_again_has_no_effect(
    company: Company,
) -> None:
    old, new = said("a", number="m1"), said("b", number="m2")
    refused = WeChatError(40058)
    ears = listening(company, News(next_cursor="c1", msg_list=[old]))
    look(ears)
    company.bring(a_bell("WORD"))
    ears.desk = Shelf(
        refused,
        News(next_cursor="d1", has_more=1, msg_list=[old]),
        News(next_cursor="d2", msg_list=[new]),
    )
    assert look(ears) == [("c1", "WORD"), ("", "WORD"), ("d1", "WORD")]
    assert [row.event_id for row in company.rows()] == ["m1", "m2"]
    assert company.inbox.position() == "d2"


@pytest.mark.parametrize("code", [-1, 45009])
def test_a_cursor_is_kept_where_something_else_was_refused(company: Company, code: int) -> None:
    refused = QuotaReached(code) if code == 45009 else WeChatError(code)
    ears = listening(company, News(next_cursor="c1"))
    look(ears)
    company.bring(a_bell("WORD"))
    ears.desk = Shelf(refused)
    assert look(ears) == [("c1", "WORD")]
    assert company.inbox.position() == "c1"


def test_what_is_refused_without_a_cursor_too_moves_nothing(company: Company) -> None:
    ears = listening(company, News(next_cursor="c1"))
    look(ears)
    company.bring(a_bell("WORD"))
    ears.desk = Shelf(WeChatError(95000), WeChatError(95000))
    assert look(ears) == [("c1", "WORD"), ("", "WORD")]
    assert (company.inbox.position(), company.bell()) == ("c1", "WORD")


def test_more_without_a_way_there_is_no_endless_loop(company: Company) -> None:
    ears = listening(company, *[News(next_cursor="c1", has_more=1) for _ in range(9)])
    assert len(look(ears)) <= 2


@pytest.mark.parametrize("there", ["a\0b", "\ud83d"])
def test_a_cursor_that_cannot_be_kept_costs_no_message_and_is_no_endless_loop(
    company: Company, there: str
) -> None:
    page = News(next_cursor=there, has_more=1, msg_list=[said("你好")])
    ears = listening(company, *[page] * 9)
    assert len(look(ears)) == 1
    assert (company.inbox.position(), len(company.rows())) == (None, 1)


def test_another_desk_is_read_from_its_beginning(company: Company) -> None:
    company.give(said("你好"))
    merchant = company.account.merchant_id
    for desk, where in ((DESK, "c1"), ("wkNewDesk", None)):
        with company.tuanzi.database.transaction() as session:
            now, place = company.tuanzi.clock.now(), Place(desk)
            secret = Secret("s" * 43)
            connect(session, merchant_id=merchant, keys=CORP, secret=secret, place=place, now=now)
        assert company.inbox.position() == where

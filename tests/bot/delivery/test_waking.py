"""A merchant's own flow waits for each event, in a whole shop: jobs, worker, bank and staff."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery.waking import stage_of
from bot.play.actor import Actor
from bot.play.reading import read_stories
from bot.play.world import World
from bot.publishing import publish_flows
from data.conversations import Conversation, ConversationEvent, ConversationWait, ToldEvent
from data.group_buys import Team
from data.occasions import Occasion
from data.orders import Order
from data.people import Chat
from dialogs.actions.turn import PrivateStart
from dialogs.format import shipped_sources
from dialogs.format.wait_events import WAIT_EVENTS
from dialogs.house import Cause
from dialogs.turn import begin
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
WATCHING = """
flows:
  watch_order:
    description: tells each time what became of an order, until it is paid
    if: slots.order
    run_pattern_completed: false
    steps:
      - id: again
        x-wait:
          event: [payment_paid, payment_failed]
          key: order
          set_slots: {seen_number: number, seen_total: total}
          timeout: P1D
          on_timeout: END
      - action: utter_seen_order
        next: again
  watch_team:
    description: tells how a team ended
    if: slots.group_buy
    run_pattern_completed: false
    steps:
      - id: reached
        x-wait:
          event: [group_buy_reached, group_buy_expired]
          key: group_buy
          set_slots: {seen_people: people, seen_missing: missing}
          timeout: P3D
          on_timeout: END
      - action: utter_seen_team
  watch_day:
    description: tells of a day that is near
    if: slots.occasion_id
    run_pattern_completed: false
    steps:
      - id: near
        x-wait:
          event: reminder_due
          key: occasion_id
          set_slots: {seen_on: on, seen_days: days_left, seen_who: recipient, seen_what: occasion}
          timeout: P30D
          on_timeout: END
      - action: utter_seen_day
  watch_staff:
    description: asks for the recipient, waits for a person, then for five minutes
    run_pattern_completed: false
    steps:
      - id: who
        collect: recipient
      - id: answered
        x-wait: {event: human_answered, set_slots: {seen_by: by}, timeout: P1D, on_timeout: END}
      - action: utter_seen_by
      - id: tea
        x-wait: {event: timeout, timeout: PT5M}
      - action: utter_seen_tea
      - id: much
        collect: budget
slots:
  seen_number: {type: text}
  seen_total: {type: text}
  seen_people: {type: float}
  seen_missing: {type: float}
  seen_on: {type: text}
  seen_days: {type: float}
  seen_who: {type: text}
  seen_what: {type: text}
  seen_by: {type: text}
responses:
"""
SAID = {
    "utter_seen_order": "seen {seen_number} {seen_total}",
    "utter_seen_team": "seen {seen_people} {seen_missing}",
    "utter_seen_day": "seen {seen_on} {seen_days} {seen_who} {seen_what}",
    "utter_seen_by": "seen {seen_by}",
    "utter_seen_tea": "seen tea",
}
BUYS = """
      - {as: Ann, user: "do you have a teapot?"}
      - {user: buy the first one}
      - {user: the first one}
      - {user: "Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco"}
      - {user: "yes", utter: utter_pay_link}"""

world = world_at(NOW)


def _said(name: str, text: str) -> str:
    every = ", ".join(f'{tag}: "{text}"' for tag in ("en", "zh-Hans", "zh-Hant"))
    return f"  {name}:\n    - text: {{{every}}}\n"


OWN = WATCHING + "".join(_said(name, text) for name, text in SAID.items())


@pytest.fixture
def shop(world: World) -> World:
    """The demo shop, its merchant's flows beside those that ship."""
    sources = {**shipped_sources(), "flows/watching.yml": OWN}
    with world.tuanzi.database.transaction() as session:
        mine = world.account.merchant_id
        publish_flows(session, merchant_id=mine, sources=sources, by="test", now=NOW)
    return world


def act(shop: World, folder: Path, steps: str, where: str = "private") -> None:
    """One story in this world."""
    file = folder / "story.yml"
    head = f"defaults: {{locale: en, in: {where}}}\ntest_cases:\n  - test_case: it\n    steps:"
    file.write_text(head + steps, encoding="utf-8")
    for story in read_stories(file):
        Actor(story, shop).act()


def watch(shop: World, who: str, flow: str, **slots: Any) -> None:
    """The flow begins in this person's own chat."""
    now = shop.tuanzi.clock.now()
    with shop.tuanzi.database.transaction() as session:
        found = select(Conversation).join(Chat, Chat.id == Conversation.chat_id)
        talk = session.scalars(found.where(Chat.external_id == who)).one()
        start = PrivateStart(talk.person_id, flow, slots)
        cause = Cause(f"test:{flow}", now)
        begin(
            session, shop.tuanzi.house, stage=stage_of(session, talk.id), start=start, cause=cause
        )


def newest(shop: World, column: Any) -> Any:
    with shop.tuanzi.database.reading() as session:
        return session.scalars(select(column)).all()[-1]


def told(shop: World) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with shop.tuanzi.database.reading() as session:
        for row in session.scalars(select(ToldEvent).order_by(ToldEvent.id)):
            yield row.event, row.payload


def assert_told_as_written(shop: World, *events: str) -> None:
    """Exactly the fields that the linter lets a wait take."""
    seen = list(told(shop))
    assert [event for event, _ in seen] == list(events)
    for event, payload in seen:
        assert set(payload) == set(WAIT_EVENTS[event].fields), event


def test_an_order_is_watched_through_a_failure_to_its_payment(shop: World, tmp_path: Path) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "watch_order", order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {pays: Ann, outcome: declined, utter: utter_payment_failed}
      - bot: seen 1001 CN¥168
      - {user: hello}
      - {pays: Ann, utter: utter_receipt}
      - bot: seen 1001 CN¥168
      - {later: 2 days, silent: true}""")  # fmt: skip
    assert_told_as_written(shop, "payment_failed", "payment_paid")


def test_who_begins_to_watch_a_paid_order_hears_of_it_once_and_not_of_the_failure_before(
    shop: World, tmp_path: Path
) -> None:
    """The last waits in vain for more, and nobody waits when the order is paid: it is kept."""
    act(shop, tmp_path, BUYS + "\n      - {pays: Ann, outcome: declined}\n      - {pays: Ann}")
    with shop.tuanzi.database.reading() as session:
        assert session.scalars(select(ConversationWait)).all() == []
    watch(shop, "Ann", "watch_order", order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {later: 1 second, bot: seen 1001 CN¥168}
      - {later: 1 minute, silent: true}""")  # fmt: skip


def test_a_team_is_watched_from_a_members_own_chat(shop: World, tmp_path: Path) -> None:
    act(shop, tmp_path, """
      - {as: Lan, user: "@tuanzi start a group buy for the teapot"}
      - {as: Lan, in: private, user: "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai"}
      - {as: Lan, in: private, press: "Yes, I'm in"}
      - {pays: Lan}""", where="crew")  # fmt: skip
    watch(shop, "Lan", "watch_team", group_buy=newest(shop, Team.id))
    act(shop, tmp_path, "\n      - {as: Lan, later: 25 hours, bot: seen 1 2}")
    assert_told_as_written(shop, "payment_paid", "group_buy_expired")


def test_a_day_is_watched(shop: World, tmp_path: Path) -> None:
    act(
        shop,
        tmp_path,
        """
      - {as: Ann, user: "remind me of my dad's birthday, 3 December", utter: utter_day_kept}""",
    )
    watch(shop, "Ann", "watch_day", occasion_id=newest(shop, Occasion.id))
    act(shop, tmp_path, """
      - {as: Ann, later: 5 days, utter: utter_reminder}
      - {bot: seen 2026-12-03 7 father birthday}""")  # fmt: skip
    assert_told_as_written(shop, "reminder_due")


def test_staff_is_waited_for_then_the_time_and_what_was_said_before_is_final(
    shop: World, tmp_path: Path
) -> None:
    act(shop, tmp_path, "\n      - {as: Ann, user: hello}")
    watch(shop, "Ann", "watch_staff", recipient="mother")
    act(shop, tmp_path, """
      - {as: Ann, user: "do you have a teapot?"}
      - {console: {say: Ann, text: "Wang here"}, bot: Wang here}
      - {bot_did_not_utter: {utter_name: utter_seen_by}}
      - {console: {hand_back: Ann}, bot: seen 店员}
      - {later: 6 minutes, bot: seen tea}
      - utter: utter_ask_budget
      - {user: "not my mum, my dad", utter: utter_correction_too_late}""")  # fmt: skip
    assert_told_as_written(shop, "human_answered")
    with shop.tuanzi.database.reading() as session:
        kinds = session.scalars(select(ConversationEvent.kind)).all()
    assert kinds.count("wait_ready") == 1
    assert (kinds.count("wait_ended"), kinds.count("wait_timed_out")) == (1, 1)

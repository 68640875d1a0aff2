"""A small day in two shops, played and then counted by hand: the SQL counts the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from data.analytics import FIGURES, step_figures
from data.conversations import Conversation, record_events, resume
from data.delivery.inbound import ChatRef
from data.kernel.database import Database
from data.kernel.ids import FlowSha, new_id
from data.merchants import ChannelAccount, Merchant
from data.people import open_chat
from dialogs.engine import (
    TIMEOUT,
    ActionResult,
    Event,
    Flows,
    Happened,
    Heard,
    Input,
    Moved,
    RunAction,
    State,
    move_on,
    run,
)
from dialogs.engine.commands import CancelFlow, Command, HumanHandoff, SetSlot, StartFlow
from dialogs.format import FlowSet, load_flow_set
from dialogs.log import notes_of
from tests.builders import NOW, a_merchant, a_person
from tests.dialogs.engine.talk import sources

DOMAIN = """
slots:
  recipient: {type: text}
  budget: {type: float}
  sure: {type: bool}
  payment: {type: text}
actions: [action_order, action_show]
"""
FIRST = """
flows:
  present:
    description: find a present
    steps:
      - id: who
        collect: recipient
      - id: money
        collect: budget
        rejections: [{if: slots.budget < 10, utter: utter_too_low}]
      - id: show
        action: action_show
      - id: more
        collect: sure
        ask_before_filling: true
        next: [{if: slots.sure, then: show}, {else: bye}]
      - id: bye
        action: utter_thanks
  parcel:
    description: wait for the money
    steps:
      - id: order
        action: action_order
      - id: paid
        x-wait: {event: payment_paid, key: payment, timeout: PT30M, on_timeout: late}
        next: END
      - id: late
        action: utter_late
"""
SECOND = FIRST.replace("id: who", "id: for_whom")
DAY = timedelta(days=1)


def figures(**counted: int) -> dict[str, int]:
    """All that is not named was counted to nothing."""
    return {name: counted.get(name, 0) for name in FIGURES}


# Counted by hand, with the script below beside it. Ann's loops, Bo's two interruptions and every
# question asked again count once for their run; he said whom it is for before he was asked. Cy and
# Di stand in one group, each with a run of their own.
FIRST_DAY = {
    ("parcel", "order"): figures(entered=1),
    ("parcel", "paid"): figures(entered=1, waited=1, timed_out=1),
    ("parcel", "late"): figures(entered=1),
    ("present", "who"): figures(entered=4, asked=3, answered=2, corrected=1, dropped=1),
    ("present", "money"): figures(
        entered=3, asked=3, answered=1, rejected=1, cancelled=1, interrupted=1, resumed=1,
        handed_off=1,
    ),
    ("present", "show"): figures(entered=1),
    ("present", "more"): figures(entered=1, asked=1, answered=1),
    ("present", "bye"): figures(entered=1),
}  # fmt: skip
SECOND_DAY = {
    ("present", "for_whom"): figures(entered=3, asked=3, answered=1, cancelled=1),
    ("present", "money"): figures(entered=1, asked=1, answered=1),
    ("present", "show"): figures(entered=1),
    ("present", "more"): figures(entered=1, asked=1, dropped=1),
}


def act(call: RunAction) -> ActionResult:
    return ActionResult({"payment": "pay1"} if call.name == "action_order" else {})


@dataclass
class Guest:
    """Somebody in a chat, whose turns are written down as the product writes them."""

    session: Session
    conversation: Conversation
    sets: Mapping[FlowSha, FlowSet]
    state: State = field(default_factory=State)

    def says(self, *commands: Command, on: FlowSet, at: datetime) -> None:
        self.takes(Heard(commands), on=on, at=at)

    def takes(self, given: Input, *, on: FlowSet, at: datetime) -> None:
        turned = run(self.state, given, Flows(on.sha, self.sets.__getitem__), act)
        self._keep(turned.state, turned.events, at)

    def loses(self, version: FlowSet, *, on: FlowSet, at: datetime) -> None:
        """The version must go; what was under way in it begins again or ends."""
        lost = Moved(lost=(version.sha,))
        stands = move_on(self.state, lost, Flows(on.sha, self.sets.__getitem__))
        self._keep(stands.state, stands.events, at)

    def _keep(self, state: State, events: tuple[Event, ...], at: datetime) -> None:
        self.state = state
        notes = notes_of(
            self.session, self.conversation, events, self.sets.__getitem__, private=False
        )
        record_events(self.session, self.conversation, notes, inbox_id=None, now=at)


class Shop:
    def __init__(self, session: Session, sets: Mapping[FlowSha, FlowSet]) -> None:
        self.session, self.sets = session, sets
        self.merchant: Merchant = a_merchant(session)
        self.account = ChannelAccount(
            id=new_id("acc"), merchant_id=self.merchant.id, channel="web",
            external_id=new_id("web"), created_at=NOW,
        )  # fmt: skip
        session.add(self.account)
        session.flush()

    def guest(self, name: str, *, chat: str = "") -> Guest:
        person = a_person(self.session, self.merchant, name=name)
        where = ChatRef(chat or name, "group" if chat else "private")
        chat_id = open_chat(
            self.session, merchant_id=self.merchant.id, account_id=self.account.id, chat=where,
            now=NOW,
        )  # fmt: skip
        conversation = resume(
            self.session, merchant_id=self.merchant.id, chat_id=chat_id, person_id=person.id,
            now=NOW,
        )  # fmt: skip
        return Guest(self.session, conversation, self.sets)


PRESENT = StartFlow("present")
MUM = SetSlot("recipient", "mum")


def the_first_day(shop: Shop, first: FlowSet) -> Guest:
    """Ann goes round in circles to the end; Bo breaks off; Cy says nothing, Di wants a person."""
    ann, bo = shop.guest("Ann"), shop.guest("Bo")
    cy, di = shop.guest("Cy", chat="friends"), shop.guest("Di", chat="friends")
    for command in (
        PRESENT, MUM, SetSlot("budget", 5), SetSlot("budget", 50), SetSlot("sure", True),
        SetSlot("sure", True), SetSlot("recipient", "dad"), SetSlot("sure", False),
    ):  # fmt: skip
        ann.says(command, on=first, at=NOW)
    bo.says(PRESENT, MUM, on=first, at=NOW)
    bo.says(StartFlow("parcel"), on=first, at=NOW)
    bo.takes(Happened(TIMEOUT, wait=bo.state.parked[0].wait), on=first, at=NOW)
    bo.says(CancelFlow(), on=first, at=NOW)
    cy.says(PRESENT, on=first, at=NOW)
    di.says(PRESENT, on=first, at=NOW)
    di.says(MUM, on=first, at=NOW)
    di.says(HumanHandoff(), on=first, at=NOW)
    return ann


def the_second_day(shop: Shop, second: FlowSet, ann: Guest) -> None:
    """Another version is live. Ed stops at the last question; Ann comes back and thinks better of
    it; Fay has only just begun."""
    ed, fay = shop.guest("Ed"), shop.guest("Fay")
    for command in (PRESENT, MUM, SetSlot("budget", 100)):
        ed.says(command, on=second, at=NOW + DAY)
    ann.says(PRESENT, on=second, at=NOW + DAY)
    ann.says(CancelFlow(), on=second, at=NOW + DAY)
    fay.says(PRESENT, on=second, at=NOW + 2 * DAY)


@pytest.fixture(scope="module")
def versions() -> tuple[FlowSet, FlowSet]:
    first, second = (load_flow_set(sources(each, domain=DOMAIN)) for each in (FIRST, SECOND))
    return first, second


def counted(session: Session, shop: Shop, **span: Any) -> dict[str, dict[tuple[str, str], Any]]:
    """By version; the patterns, which everybody passes through, are left out."""
    whole = {"since": NOW, "until": NOW + 9 * DAY, "now": NOW + 2 * DAY + timedelta(hours=1)}
    found = step_figures(session, merchant_id=shop.merchant.id, **{**whole, **span})
    versions: dict[str, dict[tuple[str, str], Any]] = {}
    for each in found:
        if not each.flow.startswith("pattern_"):
            versions.setdefault(each.version, {})[each.flow, each.step] = each.figures
    return versions


def test_the_figures_are_those_counted_by_hand(
    each_database: Database, versions: tuple[FlowSet, FlowSet]
) -> None:
    first, second = versions
    sets = {first.sha: first, second.sha: second}
    with each_database.transaction() as session:
        shop, other = Shop(session, sets), Shop(session, sets)
        shop.guest("Gus").says(PRESENT, on=first, at=NOW - DAY)  # before the range
        other.guest("Hal").says(PRESENT, on=first, at=NOW)
        ann = the_first_day(shop, first)
        the_second_day(shop, second, ann)
        assert counted(session, shop) == {first.sha: FIRST_DAY, second.sha: SECOND_DAY}
        assert list(counted(session, shop)[first.sha]) == list(FIRST_DAY), "in the steps' order"
        assert list(counted(session, shop, until=NOW + DAY)) == [first.sha]
        assert list(counted(session, shop, since=NOW + DAY)) == [second.sha]
        early = counted(session, shop, now=NOW + timedelta(hours=2))[first.sha]
        assert early["present", "who"]["dropped"] == 0, "nobody is gone after two hours"
        hal = counted(session, other)
        assert hal == {first.sha: {("present", "who"): figures(entered=1, asked=1, dropped=1)}}


def test_whom_the_shop_sent_back_to_the_beginning_did_not_drop_out(
    each_database: Database, versions: tuple[FlowSet, FlowSet]
) -> None:
    first, second = versions
    with each_database.transaction() as session:
        shop = Shop(session, {first.sha: first, second.sha: second})
        ann, bo = shop.guest("Ann"), shop.guest("Bo")
        ann.says(PRESENT, on=first, at=NOW)
        bo.says(PRESENT, on=first, at=NOW)
        ann.loses(first, on=second, at=NOW)
        assert counted(session, shop) == {
            first.sha: {("present", "who"): figures(entered=2, asked=2, dropped=1)}
        }, "Bo alone has gone"

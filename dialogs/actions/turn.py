"""The turn as an action sees it: who speaks, what is known, and a mouth to answer with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.messages import Option, OutboundMessage, Purpose, Segment
from data.delivery.outbox import Letter
from data.group_buys import Allows
from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.people import Chat, Person
from dialogs.engine import Heard, StartPattern
from dialogs.engine.commands import CancelFlow, Command, SetSlot, StartFlow
from dialogs.format import Domain
from dialogs.format.flow import PATTERN_PREFIX
from dialogs.responses import say


@dataclass(frozen=True, slots=True)
class PrivateStart:
    """A flow to go on with in the person's own chat, with the slots it needs, in the version of
    the flow that it leads away from."""

    person_id: str
    flow: str
    slots: dict[str, Any]
    version: FlowSha | None = None

    def as_input(self, link: str = "private_start") -> Heard | StartPattern:
        """The flow begins, then its slots are set: as if the person had said both. A pattern is
        told the same as its context."""
        if self.flow.startswith(PATTERN_PREFIX):
            return StartPattern(self.flow, self.slots)
        return Heard(
            (
                StartFlow(self.flow),
                *(SetSlot(slot, value) for slot, value in self.slots.items()),
            ),
            {"link": link},
            self.version,
        )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another conversation of this shop takes these in, in the same transaction."""

    conversation_id: str
    commands: tuple[Command, ...]


# For how long a shop's providers reserve money at least; None: none of them does. Of a merchant.
LongestHold = Callable[[Session, str], timedelta | None]
# Codes of what a shop can be paid with (`payment_way` of names.yml). Of a merchant.
WaysToPay = Callable[[Session, str], Sequence[str]]


def no_hold(_session: Session, _merchant_id: str) -> None:
    return None


def no_way(_session: Session, _merchant_id: str) -> tuple[str, ...]:
    return ("none",)


def nowhere(_channel: str) -> bool:
    return False


@dataclass(slots=True)
class Turn:
    """One event being answered. Actions read slots, call data services, speak, set slots.

    `model_receiver`: who gets what a language model is asked; empty: there is none to ask.
    `longest_hold`: asked only where somebody opens a team; `ways_to_pay`: where it is said.
    `rewards_inviting`: does a messenger allow a reward for that?
    """

    session: Session
    now: datetime
    merchant: Merchant
    account: ChannelAccount
    chat: Chat
    person: Person
    conversation: Conversation
    domain: Domain
    public_url: str
    call: str  # unique for this run of the action: its idempotency key
    slots: dict[str, Any] = field(default_factory=dict)
    model_receiver: str = ""
    longest_hold: LongestHold = no_hold
    ways_to_pay: WaysToPay = no_way
    rewards_inviting: Allows = nowhere
    letters: list[Letter] = field(default_factory=list)
    private_starts: list[PrivateStart] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    _changes: dict[str, Any] = field(default_factory=dict)

    @property
    def locale(self) -> Locale:
        return Locale(self.person.locale)

    @property
    def in_group(self) -> bool:
        return self.chat.kind == "group"

    def set(self, slot: str, value: Any) -> None:
        """Set a slot; the engine learns of it when the action ends."""
        self.slots[slot] = value
        self._changes[slot] = value

    def take_slot_changes(self) -> dict[str, Any]:
        changes, self._changes = self._changes, {}
        return changes

    def say(self, response: str, *more: Segment, **values: Any) -> None:
        """Answer here, in this person's language; `more` segments come before the buttons."""
        self.post(self._message(response, more, values))

    def show(self, response: str, *more: Segment, live: str, **values: Any) -> None:
        """Show or update a live card that anybody in the chat may press."""
        message = self._message(response, more, values)
        self.letters.append(Letter(self.chat.id, replace(message, coalesce_key=live)))

    def post(self, message: OutboundMessage) -> None:
        """Answer here; the buttons are this person's."""
        self.letters.append(Letter(self.chat.id, message, person_id=self.person.id))

    def end_if(self, is_over: bool) -> None:
        """Of what is over, nothing more is asked, nor is anything said: it was told when it was."""
        self.set("is_over", is_over)
        if is_over:
            self.commands.append(CancelFlow())

    def go_on_privately(self, flow: str, **slots: Any) -> None:
        """What is private (address, payment link) goes on in the person's own chat."""
        self.private_starts.append(PrivateStart(self.person.id, flow, slots))

    def tell_elsewhere(
        self, conversation_id: str, *first: Command, flow: str, **slots: Any
    ) -> None:
        """A flow begins in another conversation, on top of what goes on; `first` is first."""
        values = (SetSlot(slot, value) for slot, value in slots.items())
        self.elsewhere.append(Elsewhere(conversation_id, (*first, StartFlow(flow), *values)))

    def option(self, response: str, payload: str, **values: Any) -> Option:
        """A button whose label is a response of the language files."""
        message = self._message(response, (), values)
        (text, *_rest) = message.segments
        return Option(getattr(text, "text", ""), payload)

    def knows(self, response: str) -> bool:
        """Older versions of a shop's flows may have no words for it."""
        return response in self.domain.responses

    def words(self, response: str, **values: Any) -> str:
        """A response as plain text: a label, a reason, a line of a card."""
        (text, *_rest) = self._message(response, (), values).segments
        return getattr(text, "text", "")

    def _message(
        self, response: str, more: tuple[Segment, ...], values: dict[str, Any]
    ) -> OutboundMessage:
        message = say(
            self.domain.responses[response], {**self.slots, **values}, self.locale, more=more
        )
        return replace(message, purpose=Purpose.REPLY)

"""Our actions for a real Rasa: `python -m rasa_sdk --actions dialogs.actions` finds them here.

docs/actions.md says how. One transaction per call: what an action says and sets goes back to Rasa,
what it did stays. A flow that it would start next is for Rasa's own rules to choose.
"""

import asyncio
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data import group_buys, payments, pools, split_orders
from data.catalogue import FLOOR, ShopFloor
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.kernel.clock import Clock, SystemClock
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.kernel.errors import Invalid, NotFound, ShopError
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.personal import old_addresses
from dialogs.actions.base import ShopAction
from dialogs.actions.contract import Json
from dialogs.actions.dispatching import messages_of
from dialogs.actions.executor import Action
from dialogs.actions.shelf import ACTIONS
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot
from dialogs.format import Domain
from dialogs.format.values import is_allowed
from dialogs.hearing import Hearing
from dialogs.house import Cause
from dialogs.library import FlowLibrary
from dialogs.notices import Notices
from dialogs.turn import enter

# The stock server asks nobody who he is, and without this it would listen to the whole network.
os.environ.setdefault("SANIC_HOST", "127.0.0.1")
_DOOR = "rest"  # Rasa's senders are people of the REST channel
_LONGEST_SENDER = 128  # of the REST channel too
_REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Done:
    """What goes back to Rasa."""

    events: list[Json]
    messages: list[Json]


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop as a Rasa reaches it."""

    database: Database
    flows: FlowLibrary
    public_url: str
    clock: Clock
    merchant_id: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Counter":
        """The variables of `tuanzi serve`; TUANZI_MERCHANT only where there are several shops."""
        url = environment.get("TUANZI_DATABASE_URL", "sqlite:///var/tuanzi.db")
        public_url = environment.get("TUANZI_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
        keys = [key.strip() for key in environment.get("TUANZI_FIELD_KEYS", "").split(",") if key]
        flows = FlowLibrary()
        database = Database(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            listeners=(
                Notices(flows, public_url),
                payments.listen,
                group_buys.listen,
                pools.listen,
                split_orders.listen,
                old_addresses.listen,
            ),
            info={FLOOR: ShopFloor(), **({CIPHER: FieldCipher(keys)} if keys else {})},
        )
        merchant = environment.get("TUANZI_MERCHANT")
        return cls(database, flows, public_url, SystemClock(), merchant)

    def serve(self, action: ShopAction, tracker: Any) -> Done:
        """A refusal undoes what the action did and is told in words, as in a turn of ours."""
        with self.database.transaction() as session:
            turn = self._turn(session, tracker)
            try:
                with session.begin_nested():
                    action.act(turn)
            except ShopError as refusal:
                text = turn.words(f"utter_{refusal.code}", **refusal.values)
                return Done([_slot(_REFUSAL, refusal.code)], [{"text": text}])
            return _done(turn, tracker)

    def _turn(self, session: Session, tracker: Any) -> Turn:
        now = self.clock.now()
        account = self._account(session)
        event = _event(tracker)
        cause = Cause(event.event_id, now)
        stage = enter(session, account=account, event=event, hearing=Hearing(), cause=cause)
        domain = self.flows.live(session, merchant_id=stage.merchant.id).domain
        return Turn(
            session=session,
            now=now,
            merchant=stage.merchant,
            account=account,
            chat=stage.chat,
            person=stage.person,
            conversation=stage.conversation,
            domain=domain,
            public_url=self.public_url,
            call=f"{stage.conversation.id}:{cause.key}",
            slots=_slots(domain, tracker.slots),
        )

    def _account(self, session: Session) -> ChannelAccount:
        merchant_id = self.merchant_id
        if merchant_id is None:
            merchants = session.scalars(select(Merchant.id).limit(2)).all()
            if len(merchants) != 1:
                raise NotFound("TUANZI_MERCHANT")
            (merchant_id,) = merchants
        account = session.scalar(
            select(ChannelAccount).where(
                ChannelAccount.merchant_id == merchant_id, ChannelAccount.channel == _DOOR
            )
        )
        if account is None:
            raise NotFound("TUANZI_MERCHANT")
        return account


def _event(tracker: Any) -> InboundEvent:
    """The message that Rasa answers; its channel may have told a language in its metadata."""
    sender = str(tracker.sender_id)
    if not 0 < len(sender) <= _LONGEST_SENDER:
        raise Invalid("sender")
    metadata = tracker.latest_message.get("metadata") or {}
    tag = metadata.get("locale")
    return InboundEvent(
        event_id=secrets.token_hex(8),
        kind=EventKind.MESSAGE,
        chat=ChatRef(sender),
        sender=Sender(sender, locale=Locale.closest(tag) if isinstance(tag, str) else None),
    )


def _slots(domain: Domain, told: Mapping[str, Any]) -> dict[str, Any]:
    """What Rasa holds, as far as our flows know it."""
    slots = {name: told.get(name) for name in domain.slots}
    return {
        name: value if value is not None and is_allowed(domain.slots[name], value)
        else domain.slots[name].initial
        for name, value in slots.items()
    }  # fmt: skip


def _done(turn: Turn, tracker: Any) -> Done:
    changes = turn.take_slot_changes()
    changes |= {one.slot: one.value for one in turn.commands if isinstance(one, SetSlot)}
    if tracker.slots.get(_REFUSAL) is not None:
        changes.setdefault(_REFUSAL, None)
    segments = [part for letter in turn.letters for part in letter.message.segments]
    return Done([_slot(name, value) for name, value in changes.items()], messages_of(segments))


def _slot(name: str, value: Any) -> Json:
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


@cache
def _counter() -> Counter:
    """Opened by the process that serves, with its first call."""
    return Counter.from_environment(os.environ)


class ServedAction(Action, ABC):  # type: ignore[misc]  # rasa-sdk has no py.typed
    """One of ours as the stock server knows actions."""

    @property
    @abstractmethod
    def ours(self) -> ShopAction: ...

    def name(self) -> str:
        return self.ours.called

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Json]:
        done = await asyncio.to_thread(_counter().serve, self.ours, tracker)
        for message in done.messages:
            dispatcher.utter_message(**message)
        return done.events

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """The server hands its actions to a new process, which finds them by name."""
        return _served, (self.ours.called,)


def _kind(action: ShopAction) -> type[ServedAction]:
    return type(f"Served{type(action).__name__}", (ServedAction,), {"ours": action})


# rasa-sdk looks for the subclasses of its Action; it is we who keep them alive.
SERVED = {name: _kind(action) for name, action in ACTIONS.items()}


def _served(name: str) -> ServedAction:
    return SERVED[name]()

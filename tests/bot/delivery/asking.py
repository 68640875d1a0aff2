"""A shop with a language model beside it, and somebody who writes to both without knowing."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from sqlalchemy import func, select

from bot.api.rest import shown
from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.advising import Adviser
from bot.delivery.turns import Received, Turns
from bot.play.world import World
from data.conversations import ConversationEvent
from data.kernel.locales import Locale
from data.merchants import Merchant
from data.merchants.model_spend import switch_model
from data.people import Consent
from integrations.language_models import ChatCompletions
from tests.language_model import ScriptedModel

RECEIVER = "model.example"
KEY = "sk-test"


@dataclass(slots=True)
class Asking:
    """`said` is what the last turn said, as the wire has it; `uttered` its responses."""

    world: World
    model: ScriptedModel
    locale: Locale = Locale.EN
    receiver: str = RECEIVER
    tokens: int = 200_000
    deadline: float = 5.0
    said: list[dict[str, Any]] = field(default_factory=list)
    uttered: list[str | None] = field(default_factory=list)
    turns: Turns = field(init=False)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.connect(self.receiver)

    def connect(self, receiver: str) -> None:
        """As bot/app.py wires it."""
        tuanzi = self.world.tuanzi
        model = ChatCompletions(self.model.url, "small-1", KEY, deadline=self.deadline)
        self.turns = replace(
            tuanzi.turns,
            house=replace(tuanzi.house, model_receiver=receiver),
            adviser=Adviser(tuanzi.database, tuanzi.clock, model, tokens=self.tokens),
        )

    def switch(self, *, on: bool) -> None:
        with self.world.tuanzi.database.transaction() as session:
            for merchant_id in session.scalars(select(Merchant.id)):
                switch_model(session, merchant_id=merchant_id, on=on)

    def agree(self, *words: str) -> None:
        """Say something that nobody understands, and press yes below the question."""
        self.switch(on=True)
        self.meet()
        self.say(*(words or ("what on earth goes with such a moment",)))
        self.press(0)

    def meet(self) -> None:
        """The first message of anybody is met with no question about models."""
        self.say("hello")

    def say(
        self, text: str, *, who: str = "ann", group: bool = False, again: str | None = None
    ) -> list[str | None]:
        """Gives the responses; `again` repeats a message by its id."""
        received = self.received(text, who=who, group=group, again=again)
        return self.hear(self.turns.answer(received))

    def received(
        self, text: str, *, who: str = "ann", group: bool = False, again: str | None = None
    ) -> Received:
        about = RestMetadata(
            locale=self.locale,
            chat=RestChat(id="friends", kind="group") if group else None,
            name="Zhao Lan",
            message_id=again or f"m{next(self._numbers)}",
        )
        body = RestMessage(sender=who, message=text, metadata=about)
        return Received(self.world.account, parse(body), body.model_dump(mode="json"))

    def hear(self, said: Any) -> list[str | None]:
        self.said = [message for one in said for message in shown(one.segments, one.chat)]
        self.uttered = [one.response for one in said]
        return self.uttered

    def press(self, place: int, *, who: str = "ann") -> list[str | None]:
        """A button of the last message that has some, counted from 0."""
        buttons = next(one["buttons"] for one in reversed(self.said) if one.get("buttons"))
        return self.say(buttons[place]["payload"], who=who)

    def events(self, kind: str) -> list[dict[str, Any]]:
        with self.world.tuanzi.database.reading() as session:
            rows = session.scalars(
                select(ConversationEvent.body)
                .where(ConversationEvent.kind == kind)
                .order_by(ConversationEvent.id)
            )
            return list(rows)

    def consents(self) -> int:
        """Those that stand."""
        with self.world.tuanzi.database.reading() as session:
            stands = Consent.revoked_at.is_(None)
            return session.scalar(select(func.count()).select_from(Consent).where(stands)) or 0

"""A shop whose flow asks a server of its own to fold paper, and people who talk to it meanwhile."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.action_servers import NewServer, connect
from bot.app import Tuanzi
from bot.channels.rest import RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.publishing import keep_flows
from data.actions import ActionCall, server_of
from data.conversations import Conversation, ConversationEvent
from data.delivery.models import OutboxRow
from data.flows import publish
from data.merchants import ChannelAccount
from integrations.egress import Egress
from tests.bot.builders import Names
from tests.builders import NOW

NAMES = ["action_fold", "action_refuse", "action_break", "action_overstep", "action_nowhere"]
_FLOWS = """\
version: "1"
intents: [gift_find]
actions: [action_fold, action_refuse, action_break, action_overstep, action_nowhere]
slots:
  recipient: {type: text}
  paper: {type: text, initial_value: gold}
  shape: {type: categorical, values: [crane, boat]}
  size: {type: text}
  price: {type: float}
  address: {type: text, x-private: true, initial_value: canary-of-the-address}
  refusal: {type: text}
responses:
  utter_ask_recipient:
    - text: {zh-Hans: 送给谁？, zh-Hant: 送給誰？, en: Who is it for?}
  utter_ask_size:
    - text: {zh-Hans: 多大？, zh-Hant: 多大？, en: How large?}
  utter_folded:
    - text: {zh-Hans: "{paper}的{shape}", zh-Hant: "{paper}的{shape}", en: "A {shape} of {paper}"}
  utter_done:
    - text: {zh-Hans: "{size}的，好了。", zh-Hant: "{size}的，好了。", en: "{size}, done."}
  utter_priced:
    - text: {zh-Hans: "{price:money}", zh-Hant: "{price:money}", en: "{price:money}"}
  utter_refused:
    - text: {zh-Hans: 做不了。, zh-Hant: 做不了。, en: That cannot be done.}
flows:
  gift_finder:
    description: Folds something for somebody.
    name: fold
    translation: {zh-Hans: {name: 折纸}, zh-Hant: {name: 摺紙}}
    nlu_trigger: [{intent: gift_find}]
    steps:
      - id: who
        collect: recipient
      - id: fold
        action: action_fold
        next:
          - if: slots.refusal
            then:
              - action: utter_refused
                next: END
          - else: size
      - id: size
        collect: size
      - action: utter_done
  from_a_group:
    description: Goes on here with what began in a group.
    name: go on
    translation: {zh-Hans: {name: 接着来}, zh-Hant: {name: 繼續}}
    steps:
      - action: utter_refused
"""


def flows(action: str = "action_fold", *, goes_on_with: str = "utter_refused") -> dict[str, str]:
    """`goes_on_with`: what is said to whoever comes from a group."""
    folds = _FLOWS.replace("action: action_fold", f"action: {action}")
    end = "      - action: utter_refused\n"
    assert folds.endswith(end)
    return {"flows/fold.yml": folds.removesuffix(end) + f"      - action: {goes_on_with}\n"}


@dataclass(slots=True)
class Folding:
    """Ann writes through the REST channel; the clock stands still unless it is turned."""

    tuanzi: Tuanzi
    shop: Names
    url: str
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _seen: int = 0

    def open(
        self,
        *,
        action: str = "action_fold",
        path: str = "/webhook",
        goes_on_with: str = "utter_refused",
    ) -> str:
        """The version that is live now."""
        with self.tuanzi.database.transaction() as session:
            shop: Any = {"merchant_id": self.shop.merchant, "by": "test", "now": NOW}
            sources = flows(action, goes_on_with=goes_on_with)
            sha = keep_flows(session, sources=sources, called=NAMES, **shop)
            publish(session, sha=sha, **shop)
            connect(
                session,
                new=NewServer(self.url + path, NAMES),
                egress=Egress(self.tuanzi.settings.egress_allowed),
                **shop,
            )
        return sha

    def say(self, text: str, *, number: int | None = None, who: str = "ann") -> list[str]:
        """What the same request brings back."""
        about = RestMetadata(locale="zh-Hans", message_id=f"m{number or next(self._numbers)}")
        body = RestMessage(sender=who, message=text, metadata=about)
        received = Received(self.account, parse(body), body.model_dump(mode="json"))
        said = self.tuanzi.turns.answer(received)
        return [str(part["text"]) for one in said for part in one.segments if "text" in part]

    def asks(self) -> None:
        """Up to the call, which is not made yet."""
        assert self.say("我想找一个礼物") == ["送给谁？"]
        assert self.say("妈妈") == []
        self.read()

    def settle(self) -> None:
        asyncio.run(self._settle())

    async def _settle(self) -> None:
        while await self.tuanzi.worker.drain() + await self.tuanzi.caller.drain():
            continue

    def read(self) -> list[str]:
        """What was said since the last look, whoever made us say it."""
        with self.tuanzi.database.reading() as session:
            rows = session.scalars(
                select(OutboxRow)
                .where(OutboxRow.account_id == self.account.id, OutboxRow.id > self._seen)
                .order_by(OutboxRow.id)
            ).all()
        self._seen = max((row.id for row in rows), default=self._seen)
        return [str(part["text"]) for row in rows for part in row.segments if "text" in part]

    @property
    def account(self) -> ChannelAccount:
        with self.tuanzi.database.reading() as session:
            ours = select(ChannelAccount).where(
                ChannelAccount.merchant_id == self.shop.merchant, ChannelAccount.channel == "rest"
            )
            return session.scalars(ours).one()

    @property
    def conversation(self) -> Conversation:
        with self.tuanzi.database.reading() as session:
            newest = select(Conversation).order_by(Conversation.created_at.desc())
            return session.scalars(
                newest.join(ActionCall, ActionCall.conversation_id == Conversation.id)
            ).first()  # type: ignore[return-value]  # `asks` has begun it

    def calls(self) -> list[ActionCall]:
        with self.tuanzi.database.reading() as session:
            return list(session.scalars(select(ActionCall).order_by(ActionCall.id)))

    def kinds(self) -> list[str]:
        with self.tuanzi.database.reading() as session:
            return list(
                session.scalars(
                    select(ConversationEvent.kind)
                    .where(ConversationEvent.conversation_id == self.conversation.id)
                    .order_by(ConversationEvent.id)
                )
            )

    def trouble(self) -> str:
        with self.tuanzi.database.reading() as session:
            server = server_of(session, merchant_id=self.shop.merchant)
            assert server is not None
            return server.trouble

    def turn_clock(self, seconds: float) -> None:
        clock: Any = self.tuanzi.clock
        clock.turn_to(clock.now() + timedelta(seconds=seconds))


def copy_of(built: Path, folder: Path) -> Path:
    file = folder / "shop.db"
    file.write_bytes((built / "shop.db").read_bytes())
    return file

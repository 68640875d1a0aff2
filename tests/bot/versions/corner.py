"""A corner shop whose flows come in three versions, and the crowd that talks to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.publishing import keep_flows
from bot.settings import Secret, Settings
from bot.trials import Terms, publish_tried
from data.conversations import Conversation, OfferedOption
from data.flows import ConversationPin, collect, collectable
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import ChannelIdentity
from dialogs.format import read
from tests.bot.builders import an_account
from tests.builders import NOW, a_merchant

GIFT, CARD, WAIT = "我想挑个礼物", "我的订单到哪了", "取消订单"
FLOWS = """\
version: "1"
flows:
  gift:
    description: Asks whom a gift is for.
    translation: {en: {name: find a gift}, zh-Hans: {name: 挑礼物}, zh-Hant: {name: 挑禮物}}
    nlu_trigger: [{intent: gift_find}]
    run_pattern_completed: false
    steps:
      - {id: who, collect: recipient}
      - {id: noted, action: utter_noted}
  card:
    description: Asks what is to stand on a card.
    translation: {en: {name: write a card}, zh-Hans: {name: 写贺卡}, zh-Hant: {name: 寫賀卡}}
    nlu_trigger: [{intent: order_status}]
    run_pattern_completed: false
    steps:
      - {id: CARD_STEP, collect: line}
      - {id: written, action: utter_written}
  secret:
    description: Asks what is only for two.
    translation: {en: {name: address}, zh-Hans: {name: 地址}, zh-Hant: {name: 地址}}
    nlu_trigger: [{intent: change_address}]
    run_pattern_completed: false
    steps:
      - {id: where, collect: secret}
      - {id: known, action: utter_thanks}
  wait:
    description: Waits for a payment.
    translation: {en: {name: pay}, zh-Hans: {name: 付款}, zh-Hant: {name: 付款}}
    nlu_trigger: [{intent: order_cancel}]
    run_pattern_completed: false
    steps:
      - {id: which, set_slots: [{payment: p1}]}
      - id: paying
        x-wait: {event: payment_paid, key: payment, timeout: P90D, on_timeout: late}
        next: thanks
      - {id: thanks, action: utter_thanks, next: END}
      - {id: late, action: utter_late}
"""
_SAID = (
    *("utter_ask_recipient", "utter_ask_line", "utter_ask_secret"),
    *("utter_noted", "utter_written", "utter_thanks", "utter_late"),
)
_DOMAIN = """\
version: "1"
intents: [gift_find, order_status, order_cancel, change_address]
slots:
  recipient: {type: text, mappings: [{type: from_text}]}
  line: {type: text, mappings: [{type: from_text}]}
  payment: {type: text}
  secret: {type: text, x-private: true, mappings: [{type: from_text}]}
"""


def sources(version: str, *, step: str = "ask", without: str = "") -> dict[str, str]:
    """Every sentence says its version."""
    said = "".join(f"{name}:\n  - text: {version} {name}\n" for name in _SAID)
    texts = {f"language/{locale}/said.yml": said for locale in Locale}
    flows = FLOWS.replace("CARD_STEP", step).replace(f"  {without}:\n", f"  other_{without}:\n")
    return {"flows.yml": flows, "domain.yml": _DOMAIN, **texts}


@dataclass(slots=True)
class Corner:
    tuanzi: Tuanzi
    merchant: str
    account: ChannelAccount
    _said: int = field(default=0)

    def publish(
        self, version: str, *, step: str = "ask", migrate: str | None = None, without: str = ""
    ) -> str:
        mine = {"merchant_id": self.merchant, "by": "Lan", "now": self.tuanzi.clock.now()}
        terms = Terms(migrate=None if migrate is None else read("migrate.yml", migrate))
        files = sources(version, step=step, without=without)
        with self.tuanzi.database.transaction() as session:
            sha = keep_flows(session, **mine, sources=files)
            publish_tried(session, **mine, sha=sha, terms=terms)
        return sha

    def hear(self, who: str, text: str, *, group: str = "") -> list[str]:
        """What they are answered."""
        self._said += 1
        chat = RestChat(id=group, kind="group") if group else None
        message_id = f"m{self._said}"
        about = RestMetadata(locale="zh-Hans", name=who, chat=chat, message_id=message_id)
        body = RestMessage(sender=who, message=text, metadata=about)
        said = self.tuanzi.turns.answer(Received(self.account, parse(body), {}))
        return [str(one.segments[0]["text"]) for one in said]

    def press(self, who: str, label: str) -> list[str]:
        """Among the buttons shown last."""
        with self.tuanzi.database.reading() as session:
            option = session.scalars(
                select(OfferedOption)
                .where(OfferedOption.label == label)
                .order_by(OfferedOption.id.desc())
            ).first()
        assert option is not None
        return self.hear(who, option.payload)

    def begin_anew(self) -> None:
        """In a process that has loaded nothing yet."""
        self.tuanzi.close()
        self.tuanzi = build(self.tuanzi.settings, clock=self.tuanzi.clock)

    def pins(self) -> dict[str, int]:
        """How many conversations stand in each version."""
        found: dict[str, int] = {}
        with self.tuanzi.database.reading() as session:
            for sha in session.scalars(select(ConversationPin.sha)):
                found[sha] = found.get(sha, 0) + 1
        return found

    def collect(self, *, dry_run: bool = False) -> list[str]:
        """With no rollback window at all."""
        end = collectable if dry_run else collect
        later = self.tuanzi.clock.now() + timedelta(seconds=1)
        with self.tuanzi.database.transaction() as session:
            return end(session, merchant_id=self.merchant, kept_since=later)

    def conversation(self, who: str) -> Conversation:
        with self.tuanzi.database.reading() as session:
            return session.scalars(
                select(Conversation)
                .join(ChannelIdentity, ChannelIdentity.person_id == Conversation.person_id)
                .where(ChannelIdentity.external_id == who)
            ).one()


@contextmanager
def open_corner(url: str) -> Iterator[Corner]:
    """Nothing is published yet; the schema is there."""
    key = Secret(FieldCipher.new_key())
    settings = Settings(database_url=url, demo=True, field_keys=(key,))
    tuanzi = build(settings, clock=TurnableClock(NOW))
    with tuanzi.database.transaction() as session:
        merchant = a_merchant(session)
        account = an_account(session, merchant, "corner")
        found = Corner(tuanzi, merchant.id, account)
    yield found
    found.tuanzi.close()


def file_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'corner.db'}"

"""The world of a story: a whole demo shop on a database of its own, its clock standing still."""

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.rest import shown
from bot.app import Tuanzi, build
from bot.channels.rest import Json, RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.demo.seeding import seed
from bot.opening import REST
from bot.settings import Secret, Settings
from data.conversations import Conversation
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.merchants import ChannelAccount
from data.people import Chat
from data.schema import create_schema
from dialogs.engine import State, to_json
from dialogs.log import replayed


@dataclass(frozen=True, slots=True)
class Said:
    """One wire message that reached a chat, with the response it was made from."""

    chat: str
    message: Json
    response: str | None

    @property
    def text(self) -> str:
        return str(self.message.get("text", ""))


@dataclass(slots=True)
class World:
    tuanzi: Tuanzi
    account: ChannelAccount
    folder: Path
    heard: list[Said] = field(default_factory=list)
    _cursor: int = 0

    def say(self, *, who: str, where: str, text: str, about: RestMetadata) -> None:
        """Speak through the REST channel, as any client would."""
        group = where != "private"
        chat = RestChat(id=where, kind="group", title=where) if group else None
        body = RestMessage(
            sender=who, message=text, metadata=about.model_copy(update={"chat": chat, "name": who})
        )
        payload = body.model_dump(mode="json", exclude_defaults=True)
        self.tuanzi.turns.answer(Received(self.account, parse(body), payload))
        self.listen()

    def listen(self) -> None:
        """Take in everything that was said since."""
        with self.tuanzi.database.reading() as session:
            for row, chat in _rows(session, self._cursor):
                self._cursor = row.id
                for message in shown(row.segments, chat):
                    self.heard.append(Said(chat, message, row.response))

    def unlike_their_log(self) -> list[str]:
        """Conversations whose snapshot is not what a replay of their log gives."""
        house = self.tuanzi.house
        with self.tuanzi.database.reading() as session:
            return [
                conversation.id
                for conversation in session.scalars(select(Conversation))
                if to_json(replayed(session, house, conversation))
                != (conversation.snapshot or to_json(State()))
            ]

    def close(self) -> None:
        self.tuanzi.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _rows(session: Session, after: int) -> list[tuple[OutboxRow, str]]:
    found = session.execute(
        select(OutboxRow, Chat.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(OutboxRow.id > after, OutboxRow.state == OutboxState.SENT)
        .order_by(OutboxRow.id)
    )
    return [(row, chat) for row, chat in found]


def open_world(start: datetime) -> World:
    """A fresh shop; the seeded file is made once per process and copied."""
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-story-"))
    shutil.copyfile(seeded_file(), folder / "shop.db")
    tuanzi = build(_settings(folder), clock=TurnableClock(start))
    with tuanzi.database.reading() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == REST)
        ).one()
    return World(tuanzi, account, folder)


@cache
def _key() -> str:
    return FieldCipher.new_key()


def _settings(folder: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{folder / 'shop.db'}",
        demo=True,
        field_keys=(Secret(_key()),),
        sandbox_secret=Secret(_key()),
    )


@cache
def seeded_file() -> Path:
    """A shop as it stands after its set-up."""
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-seed-"))
    tuanzi = build(_settings(folder), clock=TurnableClock(_OPENING))
    create_schema(tuanzi.database)
    with tuanzi.database.transaction() as session:
        seed(session, token=_key(), now=_OPENING)
    tuanzi.close()
    return folder / "shop.db"


_OPENING = datetime.fromisoformat("2026-11-01T00:00:00+00:00")

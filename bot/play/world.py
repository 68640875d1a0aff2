"""The world of a story: a whole demo shop on a database of its own, its clock standing still."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
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
from bot.demo.seeding import Stock, seed
from bot.opening import REST, GiveFlows
from bot.play.story import PRIVATE, Given, Story, StoryError, StoryProblem, Stub
from bot.play.stubs import with_stubs
from bot.publishing import publish_shipped_flows
from bot.settings import Secret, Settings
from data.conversations import Conversation, save
from data.conversations.whereabouts import make_known
from data.delivery.inbound import InboundEvent
from data.delivery.models import OutboxRow, OutboxState
from data.flows import Draft, publish, save_draft
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.merchants import ChannelAccount
from data.people import Chat
from data.schema import create_schema
from dialogs.actions.shelf import ACTIONS
from dialogs.engine import State, to_json
from dialogs.format import Domain, flow_set_from_json, is_allowed
from dialogs.hearing import look
from dialogs.house import House, Understanding
from dialogs.library import FlowLibrary
from dialogs.log import replayed
from dialogs.standing import state_of
from dialogs.understanding import understand


@dataclass(frozen=True, slots=True)
class Said:
    """One wire message that reached a chat, with the response it was made from."""

    chat: str
    message: Json
    response: str | None

    @property
    def text(self) -> str:
        return str(self.message.get("text", ""))


@dataclass(frozen=True, slots=True)
class Kit:
    """What a story's shop is made of: a flow set's document (None: the flows that ship) and a
    catalogue feed (None: the demo's goods)."""

    document: str | None = None
    feed: bytes | None = None


SHIPPED = Kit()


@dataclass(slots=True)
class World:
    tuanzi: Tuanzi
    account: ChannelAccount
    folder: Path
    heard: list[Said] = field(default_factory=list)
    _cursor: int = 0
    _met: set[tuple[str, str]] = field(default_factory=set)
    _begun: dict[str, State] = field(default_factory=dict)

    def say(
        self,
        *,
        who: str,
        where: str,
        text: str,
        about: RestMetadata,
        given: Sequence[Given] = (),
    ) -> None:
        """Speak through the REST channel, as any client would."""
        group = where != PRIVATE
        chat = RestChat(id=where, kind="group", title=where) if group else None
        told = {"chat": chat, "name": about.name or who}
        body = RestMessage(sender=who, message=text, metadata=about.model_copy(update=told))
        payload = body.model_dump(mode="json", exclude_defaults=True)
        event = parse(body)
        if given and (who, where) not in self._met:
            self._met.add((who, where))
            self._give(event, given)
        self.tuanzi.turns.answer(Received(self.account, event, payload))
        self.listen()

    def _give(self, event: InboundEvent, given: Sequence[Given]) -> None:
        """Fixtures: the conversation begins with these slots filled."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            known = look(session, self.account, event)
            make_known(session, known, account_id=self.account.id, event=event, now=now)
            conversation = look(session, self.account, event).conversation
            assert conversation is not None  # noqa: S101  # it was begun a moment ago
            state = state_of(conversation)
            slots = {**state.slots, **{one.slot: one.value for one in given}}
            begun = self._begun[conversation.id] = state._replace(slots=slots)
            save(session, conversation, snapshot=to_json(begun), now=now)

    def check(self, story: Story) -> None:
        """StoryError where fixtures or stubs speak of what the flows do not have."""
        with self.tuanzi.database.reading() as session:
            live = self.tuanzi.house.flows.live(session, merchant_id=self.account.merchant_id)
        problems = [*_misfilled(story, live.domain), *_misnamed(story, live.domain)]
        if problems:
            raise StoryError(problems)

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
                if to_json(
                    replayed(session, house, conversation, begun=self._begun.get(conversation.id))
                )
                != (conversation.snapshot or to_json(State()))
            ]

    def close(self) -> None:
        self.tuanzi.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _misfilled(story: Story, domain: Domain) -> Iterator[StoryProblem]:
    """Slots that are not there, or cannot hold what they are given."""
    stubbed = (Given(slot, v, stub.at) for stub in story.stubs for slot, v in stub.slots.items())
    for given in (*story.fixtures, *stubbed):
        slot = domain.slots.get(given.slot)
        if slot is None:
            yield StoryProblem("no_slot", given.at, {"name": given.slot})
        elif not is_allowed(slot, given.value):
            yield StoryProblem("slot", given.at, {"name": given.slot})


def _misnamed(story: Story, domain: Domain) -> Iterator[StoryProblem]:
    """Actions that are always run, or that no flow can run."""
    for stub in story.stubs:
        if stub.action in ACTIONS:
            yield StoryProblem("shop_action", stub.at, {"name": stub.action})
        elif stub.action not in domain.actions:
            yield StoryProblem("no_action", stub.at, {"name": stub.action})


def _rows(session: Session, after: int) -> list[tuple[OutboxRow, str]]:
    found = session.execute(
        select(OutboxRow, Chat.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(OutboxRow.id > after, OutboxRow.state == OutboxState.SENT)
        .order_by(OutboxRow.id)
    )
    return [(row, chat) for row, chat in found]


def open_world(
    start: datetime,
    *,
    kit: Kit = SHIPPED,
    stubs: tuple[Stub, ...] = (),
    listener: Understanding = understand,
) -> World:
    """A fresh shop; the seeded file is made once per process and copied."""
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-story-"))
    shutil.copyfile(seeded_file(kit), folder / "shop.db")
    settings = _settings(folder)
    house = House(_library(), with_stubs(ACTIONS, stubs), settings.public_url, understand=listener)
    tuanzi = build(settings, clock=TurnableClock(start), house=house)
    with tuanzi.database.reading() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == REST)
        ).one()
    return World(tuanzi, account, folder)


@cache
def _library() -> FlowLibrary:
    """Versions are named by their content, so all the worlds of a process share them."""
    return FlowLibrary()


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
def seeded_file(kit: Kit = SHIPPED) -> Path:
    """A shop as it stands after its set-up."""
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-seed-"))
    tuanzi = build(_settings(folder), clock=TurnableClock(_OPENING))
    create_schema(tuanzi.database)
    stock = Stock(kit.feed, _given(kit.document) if kit.document else publish_shipped_flows)
    with tuanzi.database.transaction() as session:
        seed(session, token=_key(), now=_OPENING, stock=stock)
    tuanzi.close()
    return folder / "shop.db"


def _given(document: str) -> GiveFlows:
    """What has been checked already is made live as it is."""

    def give(session: Session, *, merchant_id: str, by: str, now: datetime) -> None:
        sha = flow_set_from_json(document).sha
        draft = Draft(sha, document, {})
        save_draft(session, merchant_id=merchant_id, draft=draft, author=by, now=now)
        publish(session, merchant_id=merchant_id, sha=sha, by=by, now=now)

    return give


_OPENING = datetime.fromisoformat("2026-11-01T00:00:00+00:00")

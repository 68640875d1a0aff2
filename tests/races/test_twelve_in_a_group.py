"""Twelve people talk at once in one group, each half-way through a wish of their own (T13)."""

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi, build
from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.demo.seeding import seed
from bot.opening import REST
from bot.play.world import open_world
from bot.publishing import publish_flows
from bot.settings import Secret, Settings
from data.conversations import Conversation, ConversationEvent
from data.conversations.models import OfferedOption
from data.delivery.models import OutboxRow
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.merchants import ChannelAccount
from data.people import Chat, Person
from dialogs.format import shipped_sources
from tests.postgresql import Server

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
GROUP = RestChat(id="weekend", kind="group", title="Weekend")
PEOPLE = 12
LOWEST = 3101  # yuan: each has a budget that nobody else says
CHOSEN = 6  # messages of those who come as far as choosing
_BUDGET = re.compile(r"(?<!\d)(31\d\d)(?:00)?(?!\d)")  # in yuan, or in fen
_GUEST = re.compile(r"Guest\d\d")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def tuanzi(request: pytest.FixtureRequest) -> Iterator[Tuanzi]:
    if request.param == "sqlite":
        world = open_world(NOW)
        yield world.tuanzi
        world.close()
    else:
        server: Server = request.getfixturevalue("postgresql")
        yield from _on_postgresql(server.new_database())


def _on_postgresql(url: str) -> Iterator[Tuanzi]:
    key = FieldCipher.new_key()
    settings = Settings(database_url=url, field_keys=(Secret(key),), sandbox_secret=Secret(key))
    tuanzi = build(settings, clock=TurnableClock(NOW))
    with tuanzi.database.transaction() as session:
        seed(session, token=key, now=NOW)
    yield tuanzi
    tuanzi.close()


def name_of(number: int) -> str:
    return f"Guest{number:02d}"


def wishes(number: int) -> list[str]:
    """Each comes to another point: before the ideas, among them, with one chosen."""
    budget = LOWEST + number
    said = [
        "@团子 我想挑个礼物",
        "@团子 给我妈",
        "@团子 生日",
        f"@团子 {budget}元以内",
        "@团子 便宜点",
        "@团子 第一个",
    ]
    return said[: 4 + number % 3]


def talk_openly(session: Session, account: ChannelAccount) -> None:
    """What ships talks about gifts in private; here a long talk is to be had in the group."""
    files = shipped_sources()
    files["flows/gift_finder.yml"] = files["flows/gift_finder.yml"].replace("x-private: true", "")
    publish_flows(session, merchant_id=account.merchant_id, sources=files, by="Lan", now=NOW)


def speak_all_at_once(tuanzi: Tuanzi) -> None:
    with tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == REST)
        ).one()
        talk_openly(session, account)
    together = Barrier(PEOPLE)

    def speak(number: int) -> None:
        about = RestMetadata(locale="zh-Hans", name=name_of(number), chat=GROUP)
        together.wait()
        for text in wishes(number):
            body = RestMessage(sender=name_of(number), message=text, metadata=about)
            payload = body.model_dump(mode="json", exclude_defaults=True)
            said = tuanzi.turns.answer(Received(account, parse(body), payload))
            assert said, text

    with ThreadPoolExecutor(PEOPLE) as threads:
        for done in [threads.submit(speak, number) for number in range(PEOPLE)]:
            done.result()


def test_twelve_half_finished_wishes_in_one_group_never_see_one_another(tuanzi: Tuanzi) -> None:
    speak_all_at_once(tuanzi)
    with tuanzi.database.reading() as session:
        people = {
            one.name: one.id
            for one in session.scalars(select(Person).where(Person.name.like("Guest%")))
        }
        assert len(people) == PEOPLE
        group = session.scalars(select(Chat.id).where(Chat.external_id == GROUP.id)).one()
        for number in range(PEOPLE):
            mine = Conversation.person_id == people[name_of(number)]
            conversations = session.scalars(select(Conversation).where(mine)).all()
            here = [one for one in conversations if one.chat_id == group]
            assert [one.rev for one in here] == [len(wishes(number))]
            slots = here[0].snapshot["slots"]
            if len(wishes(number)) < CHOSEN:
                assert slots["recipient"] == "mother"
                assert budgets_in(slots["budget"]) == {LOWEST + number}
            else:  # what comes after choosing is private, and so goes on elsewhere
                (private,) = [one for one in conversations if one.chat_id != group]
                assert private.snapshot["slots"]["product"]
            everything = _all_of(session, people[name_of(number)], conversations)
            assert budgets_in(everything) == {LOWEST + number}
            assert set(_GUEST.findall(_text(everything))) == {name_of(number)}


def test_every_button_shown_in_the_group_is_one_persons(tuanzi: Tuanzi) -> None:
    speak_all_at_once(tuanzi)
    with tuanzi.database.reading() as session:
        people = set(session.scalars(select(Conversation.person_id)))
        offered = session.scalars(select(OfferedOption)).all()
        assert offered
        assert {option.person_id for option in offered} <= people
        by_batch: dict[str, set[str | None]] = {}
        for option in offered:
            by_batch.setdefault(option.batch, set()).add(option.person_id)
        assert all(len(owners) == 1 for owners in by_batch.values())


def budgets_in(found: Any) -> set[int]:
    return {int(budget) for budget in _BUDGET.findall(_text(found))}


def _text(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False)


def _all_of(session: Session, person_id: str, conversations: Sequence[Conversation]) -> list[Any]:
    """What is kept of them and what was said to them, in the group and elsewhere."""
    theirs = ConversationEvent.conversation_id.in_([one.id for one in conversations])
    to_them = OutboxRow.person_id == person_id
    return [
        *(one.snapshot for one in conversations),
        *session.scalars(select(ConversationEvent.body).where(theirs)),
        *session.scalars(select(OutboxRow.segments).where(to_them)),
        session.get_one(Person, person_id).name,
    ]

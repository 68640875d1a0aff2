"""What was said last to somebody: the whole of one turn or of one notice, and nobody else's."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.messages import OutboundMessage, Text
from data.delivery.models import OutboxRow, OutboxState
from data.delivery.outbox import Letter, Origin, last_said, post
from data.kernel.database import Database
from data.merchants import ChannelAccount, Merchant
from data.people import Chat
from tests.builders import NOW, a_merchant, a_person
from tests.data.conversations.talks import a_talk


@dataclass
class Talk:
    session: Session
    conversation: Conversation

    def say(self, key: str, *texts: str, to: str | None = "", turn: int | None = None) -> None:
        """`to`: "" for the one whose conversation it is, None for everybody."""
        whom = self.conversation.person_id if to == "" else to
        chat = self.session.get_one(Chat, self.conversation.chat_id)
        live = "card" if key == "card" else None
        messages = [OutboundMessage((Text(text),), coalesce_key=live) for text in texts]
        post(
            self.session,
            [Letter(chat.id, message, person_id=whom) for message in messages],
            account=self.session.get_one(ChannelAccount, chat.account_id),
            origin=Origin(key, inbox_id=turn),
            now=NOW,
        )

    def last(self) -> list[str]:
        told = last_said(
            self.session,
            chat_id=self.conversation.chat_id,
            person_id=self.conversation.person_id,
        )
        return [part.text for one in told for part in one.segments if isinstance(part, Text)]


@pytest.fixture
def talk(each_database: Database) -> Iterator[Talk]:
    with each_database.transaction() as session:
        yield Talk(session, a_talk(session, a_merchant(session)))


def test_a_turn_is_said_with_all_that_it_made_the_shop_say(talk: Talk) -> None:
    assert talk.last() == []
    talk.say("in:7", "which one?", turn=7)
    talk.say("receipt:ord_1", "paid", turn=8)
    talk.say("in:8", "thanks", "anything else?", turn=8)
    assert talk.last() == ["paid", "thanks", "anything else?"]


def test_a_notice_is_said_by_itself(talk: Talk) -> None:
    talk.say("in:7", "which one?", turn=7)
    talk.say("receipt:ord_1:", "paid", "on its way")
    assert talk.last() == ["paid", "on its way"]


def test_what_is_for_everybody_counts_and_what_is_for_others_or_lives_or_never_came_does_not(
    talk: Talk,
) -> None:
    session = talk.session
    merchant = session.get_one(Merchant, talk.conversation.merchant_id)
    other = a_person(session, merchant, name="Bob")
    talk.say("all", "the team is complete", to=None)
    talk.say("bob", "for Bob", to=other.id)
    talk.say("card", "2 of 3", to=None)
    talk.say("muted", "never sent")
    gone = update(OutboxRow).where(OutboxRow.key == "muted:0").values(state=OutboxState.SKIPPED)
    session.execute(gone)
    assert talk.last() == ["the team is complete"]

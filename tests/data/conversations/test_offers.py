"""Which buttons somebody may press here, on either database."""

from datetime import timedelta

from data.conversations import Offer, offered_to, remember_offer
from data.conversations.service import OFFER_LIFE
from data.kernel.database import Database
from data.people import Chat
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk


def test_who_is_not_known_yet_may_press_what_everybody_may_and_no_more(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        talk = a_talk(session, a_merchant(session))
        chat, known = session.get_one(Chat, talk.chat_id), talk.person_id
        offers = [Offer(None, "t1", "Join", "/join", 1), Offer(known, "t2", "Pay", "/pay", 2)]
        remember_offer(session, chat=chat, batch="b", offers=offers, now=NOW)
    with each_database.reading() as session:

        def tokens(person_id: str | None, now: timedelta = timedelta()) -> list[str]:
            found = offered_to(session, chat_id=chat.id, person_id=person_id, now=NOW + now)
            return [one.token for one in found]

        assert tokens(None) == ["t1"]
        assert tokens(known) == ["t2", "t1"]
        assert tokens("per_another") == ["t1"]
        assert tokens(None, OFFER_LIFE) == []

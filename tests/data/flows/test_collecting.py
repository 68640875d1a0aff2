"""Old versions end, but never one that somebody needs, not even somebody of this very moment."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.flows import (
    ConversationPin,
    Draft,
    FlowVersion,
    VersionGone,
    collect,
    collectable,
    fate_of,
    known_versions,
    live_sha,
    move_pins,
    pinned_versions,
    publish,
    retire,
    roll_back,
    save_draft,
)
from data.kernel.database import Database
from data.kernel.errors import NotFound, Refused
from data.merchants import Merchant
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk

ONE, TWO, THREE, FOUR = ("1" * 64, "2" * 64, "3" * 64, "4" * 64)
A_WINDOW = timedelta(days=30)
LATER = NOW + timedelta(days=31)  # what was live until a day later is still within the window


def published(session: Session, *versions: str, merchant: Merchant | None = None) -> Merchant:
    merchant = merchant or a_merchant(session)
    for sha in versions:
        draft = Draft(sha, "{}", {})
        save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
        publish(session, merchant_id=merchant.id, sha=sha, by="Lan", now=NOW)
    return merchant


def stand(
    session: Session, conversation: Conversation, *shas: str, left: Sequence[str] = ()
) -> None:
    move_pins(
        session,
        merchant_id=conversation.merchant_id,
        conversation_id=conversation.id,
        before=set(left),
        after=set(shas),
    )


def gone(session: Session, merchant: Merchant) -> list[str]:
    return collect(session, merchant_id=merchant.id, kept_since=LATER - A_WINDOW)


def test_what_nobody_needs_goes_and_the_rest_stays(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        draft = Draft(FOUR, "{}", {})
        save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
        would = collectable(session, merchant_id=merchant.id, kept_since=LATER - A_WINDOW)
        assert would == gone(session, merchant) == [ONE]
        assert set(known_versions(session, merchant_id=merchant.id)) == {TWO, THREE, FOUR}
        assert gone(session, merchant) == []


def test_a_version_stays_for_the_rollback_window_after_it_was_live(
    each_database: Database,
) -> None:
    """It was made long ago; its last day as the live one was yesterday."""
    with each_database.transaction() as session:
        merchant = published(session, ONE)
        for sha in (TWO, THREE):
            draft = Draft(sha, "{}", {})
            save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
            publish(session, merchant_id=merchant.id, sha=sha, by="Lan", now=LATER)
        assert gone(session, merchant) == []
        much_later = LATER + timedelta(days=1)
        assert collect(session, merchant_id=merchant.id, kept_since=much_later) == [ONE]


def test_a_version_that_somebody_stands_in_stays(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        conversation = a_talk(session, merchant)
        stand(session, conversation, ONE, THREE)
        assert pinned_versions(session, merchant_id=merchant.id) == {ONE, THREE}
        assert gone(session, merchant) == []
        stand(session, conversation, THREE, left=(ONE, THREE))
        assert gone(session, merchant) == [ONE]


def test_a_version_that_running_flows_pass_through_stays(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE)
        conversation = a_talk(session, merchant)
        stand(session, conversation, ONE)
        for sha, before in ((TWO, ONE), (THREE, TWO)):
            draft = Draft(sha, "{}", {})
            save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
            ways = {before: {"gift": {"who": "whom"}}}
            publish(session, merchant_id=merchant.id, sha=sha, by="Lan", now=NOW, ways=ways)
        published(session, FOUR, merchant=merchant)
        assert gone(session, merchant) == []
        stand(session, conversation, left=(ONE,))
        assert gone(session, merchant) == [ONE, TWO]


def test_rolling_back_passes_what_has_been_collected(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        gone(session, merchant)
        for expected in (TWO, None):
            if expected is None:
                with pytest.raises(Refused):
                    roll_back(session, merchant_id=merchant.id, by="Wei", now=NOW)
            else:
                assert roll_back(session, merchant_id=merchant.id, by="Wei", now=NOW) == expected
        assert live_sha(session, merchant_id=merchant.id) == TWO


def test_a_way_is_gone_with_the_publish_that_brought_it(each_database: Database) -> None:
    def ways() -> list[tuple[str, str]]:
        fate = fate_of(session, merchant_id=merchant.id, shas={ONE})
        return [(way.from_sha, way.to_sha) for way in fate.ways]

    with each_database.transaction() as session:
        merchant = published(session, ONE)
        draft = Draft(TWO, "{}", {})
        save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
        way = {ONE: {"gift": {"who": "whom"}}}
        publish(session, merchant_id=merchant.id, sha=TWO, by="Lan", now=NOW, ways=way)
        assert ways() == [(ONE, TWO)]
        roll_back(session, merchant_id=merchant.id, by="Wei", now=NOW)
        published(session, THREE, merchant=merchant)
        assert ways() == []


def test_a_retired_version_is_never_live_again_and_goes_at_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        conversation = a_talk(session, merchant)
        stand(session, conversation, TWO)
        retire(session, merchant_id=merchant.id, sha=TWO, now=NOW)
        assert fate_of(session, merchant_id=merchant.id, shas={TWO}).lost == {TWO}
        with pytest.raises(Refused):
            publish(session, merchant_id=merchant.id, sha=TWO, by="Lan", now=NOW)
        assert collect(session, merchant_id=merchant.id, kept_since=NOW - A_WINDOW) == []
        stand(session, conversation, left=(TWO,))
        assert collect(session, merchant_id=merchant.id, kept_since=NOW - A_WINDOW) == [TWO]
        assert roll_back(session, merchant_id=merchant.id, by="Wei", now=NOW) == ONE


def test_what_is_live_or_unknown_cannot_be_retired(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE)
        with pytest.raises(Refused):
            retire(session, merchant_id=merchant.id, sha=ONE, now=NOW)
        with pytest.raises(NotFound):
            retire(session, merchant_id=merchant.id, sha=TWO, now=NOW)


def test_another_shops_versions_are_not_ours_to_end(each_database: Database) -> None:
    with each_database.transaction() as session:
        ours = published(session, ONE)
        theirs = published(session, ONE, TWO, THREE)
        assert gone(session, ours) == []
        with pytest.raises(NotFound):
            retire(session, merchant_id=ours.id, sha=TWO, now=NOW)
        assert gone(session, theirs) == [ONE]


def test_a_pin_of_this_very_moment_is_waited_for(each_database: Database) -> None:
    """The turn has pinned and not committed yet when the collector comes."""
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        conversation = a_talk(session, merchant)
    pinned = Event()

    def pin_slowly() -> None:
        with each_database.transaction() as session:
            stand(session, conversation, ONE)
            pinned.set()
            # The collector is waiting by now; were it not, it would be done long before.
            waiting.wait(0.3)

    waiting = Event()
    with ThreadPoolExecutor(1) as other:
        turn = other.submit(pin_slowly)
        pinned.wait(10)
        with each_database.transaction() as session:
            assert gone(session, merchant) == []
        turn.result()
    with each_database.reading() as session:
        assert ONE in known_versions(session, merchant_id=merchant.id)


def test_a_pin_that_comes_too_late_is_told(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        conversation = a_talk(session, merchant)
    collected = Event()

    def collect_slowly() -> list[str]:
        with each_database.transaction() as session:
            found = gone(session, merchant)
            collected.set()
            waiting.wait(0.3)
        return found

    waiting = Event()
    with ThreadPoolExecutor(1) as other:
        round_ = other.submit(collect_slowly)
        collected.wait(10)
        with pytest.raises(VersionGone), each_database.transaction() as session:
            stand(session, conversation, ONE)
        assert round_.result() == [ONE]


def test_looking_first_and_deleting_later_would_meet_the_pin(each_database: Database) -> None:
    """The control: without lock and condition the same moment is refused by the database, and with
    the reference gone it would take the version from under the conversation."""
    with each_database.transaction() as session:
        merchant = published(session, ONE, TWO, THREE)
        conversation = a_talk(session, merchant)
        seen = collectable(session, merchant_id=merchant.id, kept_since=LATER - A_WINDOW)
    with each_database.transaction() as session:
        stand(session, conversation, ONE)
    naive = delete(FlowVersion).where(FlowVersion.sha.in_(seen))
    with pytest.raises(IntegrityError), each_database.transaction() as session:
        session.execute(naive)
    with each_database.transaction() as session:
        session.execute(delete(ConversationPin))  # as it was before pins were rows
        session.execute(update(Conversation).values(snapshot={"stack": [{"version": ONE}]}))
        session.execute(naive)
        assert ONE not in known_versions(session, merchant_id=merchant.id)

"""The live pointer: published forwards, rolled back along what was published, never overwritten."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.flows import (
    Draft,
    MoveKind,
    before_live,
    history,
    live_sha,
    publish,
    roll_back,
    save_draft,
)
from data.kernel.database import Database
from data.kernel.errors import NotFound, Refused
from data.merchants import Merchant
from tests.builders import NOW, a_merchant

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)


def live_after(session: Session, merchant: Merchant, *versions: str) -> None:
    for sha in versions:
        draft = Draft(sha, "{}", {})
        save_draft(session, merchant_id=merchant.id, draft=draft, author="Lan", now=NOW)
        publish(session, merchant_id=merchant.id, sha=sha, by="Lan", now=NOW)


def back(session: Session, merchant: Merchant) -> str:
    sha = roll_back(session, merchant_id=merchant.id, by="Wei", now=NOW + timedelta(hours=1))
    assert live_sha(session, merchant_id=merchant.id) == sha
    return sha


def test_each_step_back_leads_further_back(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        live_after(session, merchant, ONE, TWO, THREE)
        assert [back(session, merchant), back(session, merchant)] == [TWO, ONE]
        with pytest.raises(Refused):
            back(session, merchant)
        assert live_sha(session, merchant_id=merchant.id) == ONE


def test_after_a_step_back_and_a_new_version_what_was_taken_back_stays_away(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        live_after(session, merchant, ONE, TWO)
        back(session, merchant)
        live_after(session, merchant, THREE)
        assert before_live(session, merchant_id=merchant.id) == ONE
        assert back(session, merchant) == ONE


def test_a_version_published_again_may_be_taken_back_like_any_other(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        live_after(session, merchant, ONE, TWO)
        publish(session, merchant_id=merchant.id, sha=ONE, by="Lan", now=NOW)
        assert back(session, merchant) == TWO


def test_publishing_what_is_live_is_no_move(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        live_after(session, merchant, ONE, TWO, TWO)
        assert len(history(session, merchant_id=merchant.id)) == 2
        assert back(session, merchant) == ONE


def test_the_history_tells_who_moved_what_and_how(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        live_after(session, merchant, ONE, TWO)
        back(session, merchant)
        moves = history(session, merchant_id=merchant.id)
    assert [(one.from_sha, one.to_sha, one.kind, one.by) for one in moves] == [
        (TWO, ONE, MoveKind.ROLL_BACK, "Wei"),
        (ONE, TWO, MoveKind.PUBLISH, "Lan"),
        (None, ONE, MoveKind.PUBLISH, "Lan"),
    ]


def test_another_shops_moves_are_not_ours(each_database: Database) -> None:
    with each_database.transaction() as session:
        ours, theirs = a_merchant(session), a_merchant(session)
        live_after(session, ours, ONE)
        live_after(session, theirs, ONE, TWO)
        assert before_live(session, merchant_id=ours.id) is None
        with pytest.raises(NotFound):
            publish(session, merchant_id=ours.id, sha=TWO, by="Lan", now=NOW)

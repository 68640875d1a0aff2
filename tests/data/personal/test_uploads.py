"""Whose a file is, through a merge and a forgetting, on SQLite and PostgreSQL alike (T40, T53)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.delivery.inbound import Sender
from data.kernel.database import Database
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount
from data.people import Chat, Person
from data.personal.erasing import erase_person
from data.personal.exporting import export_person
from data.personal.merging import merge
from data.personal.upload_models import Upload
from data.personal.uploads import (
    NewUpload,
    drop_older,
    drop_uploads,
    find_upload,
    names_since,
    note_upload,
)
from tests.builders import NOW
from tests.data.personal.twins import Twins, twins

HOUR = timedelta(hours=1)


def _send(database: Database) -> Twins:
    """One file of each of the two."""
    with database.transaction() as session:
        pair = twins(session)
        for talk, who in ((pair.one, "Ann"), (pair.other, "Annie")):
            account = session.get_one(
                ChannelAccount, session.get_one(Chat, talk.chat_id).account_id
            )
            upload = NewUpload(f"{who}.pdf", "file", 7)
            note_upload(session, account=account, sender=Sender(who), upload=upload, now=NOW)
    return pair


def test_after_a_merge_both_files_are_the_one_persons(each_database: Database) -> None:
    pair = _send(each_database)
    with each_database.transaction() as session:
        assert merge(session, kept=pair.kept, gone=pair.gone, link_id=None, now=NOW) is None
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        file = export_person(session, person=ann, by=ann.id, now=NOW)
        assert [row["name"] for row in file["uploads"]] == ["Ann.pdf", "Annie.pdf"]
        erase_person(session, person=ann, by=ann.id, farewell=None, now=NOW)
        assert session.scalars(select(Upload)).all() == []


def test_who_is_forgotten_takes_only_their_own(each_database: Database) -> None:
    pair = _send(each_database)
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        erase_person(session, person=ann, by=ann.id, farewell=None, now=NOW)
        assert session.scalars(select(Upload.person_id)).all() == [pair.gone]


def test_a_name_is_found_at_its_own_account_only(each_database: Database) -> None:
    pair = _send(each_database)
    with each_database.transaction() as session:
        account = session.get_one(Chat, pair.one.chat_id).account_id
        assert find_upload(session, account_id=account, name="Ann.pdf").person_id == pair.kept
        for where, name in ((account, "guess.pdf"), ("acc_other", "Ann.pdf")):
            with pytest.raises(NotFound):
                find_upload(session, account_id=where, name=name)


def test_what_is_old_goes(each_database: Database) -> None:
    _send(each_database)
    with each_database.transaction() as session:
        session.get_one(Upload, "Ann.pdf").created_at = NOW - HOUR
        session.flush()
        assert names_since(session, since=NOW) == {"Annie.pdf": NOW}
        drop_older(session, before=NOW)
        assert session.scalars(select(Upload.name)).all() == ["Annie.pdf"]
        drop_uploads(session, names={"Annie.pdf", *map(str, range(1200))})
        assert session.scalars(select(Upload)).all() == []

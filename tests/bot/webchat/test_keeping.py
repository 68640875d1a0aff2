"""Files of visitors belong to somebody, and go with them: forgotten, too old, lost in a crash."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from bot.settings import Settings, read
from bot.webchat.keeping import folder_of
from data.delivery.models import InboxRow
from data.people import Person
from data.personal.exporting import export_person
from data.personal.upload_models import Upload
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame

PAPER = b"%PDF-1.7 something to read"


def sent(frame: Frame, content: bytes = PAPER) -> str:
    """Its address."""
    address: str = frame.send(content).json()["file"]["address"]
    return address


def file_of(demo: Demo, address: str) -> Path:
    return folder_of(demo.tuanzi.database).joinpath(*address.split("/")[-2:])


def names(demo: Demo) -> list[str]:
    with demo.tuanzi.database.reading() as session:
        return list(session.scalars(select(Upload.name)))


def press(frame: Frame, label: str) -> None:
    tokens = [
        button["payload"].removeprefix("/tap:")
        for message in frame.messages()
        for button in message.get("buttons", ())
        if button["title"].startswith(label)
    ]
    assert tokens, frame.messages()
    frame.press(tokens[-1])
    frame.hear()


def test_who_is_forgotten_takes_their_files_along(demo: Demo, frame: Frame) -> None:
    """T53: from the same moment nobody can fetch them, whatever happens to the process then."""
    other = a_frame(demo, frame.account)
    mine, theirs = sent(frame), sent(other)
    frame.hear()
    frame.say("forget me")
    press(frame, "Yes, forget me")
    press(frame, "Yes, for good")
    assert frame.client.get(mine).status_code == 404
    assert file_of(demo, mine).exists(), "the process ended before it could delete it"
    demo.tuanzi.sweeper.sweep()
    assert not file_of(demo, mine).exists()
    assert other.client.get(theirs).content == PAPER


def test_a_file_of_ones_own_data_names_what_was_sent(demo: Demo, frame: Frame) -> None:
    """T52: and nothing of anybody else's."""
    address, _ = sent(frame), sent(a_frame(demo, frame.account))
    now = demo.tuanzi.clock.now()
    with demo.tuanzi.database.transaction() as session:
        upload = session.get_one(Upload, address.rsplit("/", 1)[1])
        person = session.get_one(Person, upload.person_id)
        file = export_person(session, person=person, by=person.id, now=now)
    assert [(one["name"], one["media"], one["bytes"]) for one in file["uploads"]] == [
        (address.rsplit("/", 1)[1], "file", len(PAPER))
    ]


def test_after_thirty_days_it_is_gone_with_its_row(demo: Demo, frame: Frame) -> None:
    address = sent(frame)
    demo.tuanzi.clock.advance(timedelta(days=29))  # type: ignore[attr-defined]  # it can be turned
    demo.tuanzi.sweeper.sweep()
    assert frame.client.get(address).status_code == 200
    demo.tuanzi.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]
    demo.tuanzi.sweeper.sweep()
    assert not file_of(demo, address).exists()
    assert names(demo) == []


def test_how_long_is_the_operators_to_say(demo: Demo, frame: Frame) -> None:
    settings = read({"TUANZI_UPLOAD_DAYS": "2"}, serving=False)
    assert settings.uploads_kept == timedelta(days=2)
    assert Settings().uploads_kept == timedelta(days=30)
    address = sent(frame)
    demo.tuanzi.clock.advance(timedelta(days=3))  # type: ignore[attr-defined]
    replace(demo.tuanzi.sweeper, kept=settings.uploads_kept).sweep()
    assert frame.client.get(address).status_code == 404


def test_what_a_crash_left_behind_goes(demo: Demo, frame: Frame) -> None:
    kept, lost, young = sent(frame), sent(frame), sent(frame)
    stray = file_of(demo, kept).with_name("nobodys.pdf")
    stray.write_bytes(PAPER)
    file_of(demo, lost).unlink()
    demo.tuanzi.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    with demo.tuanzi.database.transaction() as session:
        row = session.get_one(Upload, young.rsplit("/", 1)[1])
        row.created_at = demo.tuanzi.clock.now()
    file_of(demo, young).unlink()
    demo.tuanzi.sweeper.sweep()
    assert not stray.exists()
    assert sorted(names(demo)) == sorted(one.rsplit("/", 1)[1] for one in (kept, young)), (
        "a row whose file is being written is not taken"
    )


def test_a_disk_that_is_away_for_a_moment_costs_nothing(demo: Demo, frame: Frame) -> None:
    address = sent(frame)
    there = folder_of(demo.tuanzi.database)
    there.rename(there.with_name("away"))
    demo.tuanzi.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    demo.tuanzi.sweeper.sweep()
    there.with_name("away").rename(there)
    demo.tuanzi.sweeper.sweep()
    assert frame.client.get(address).content == PAPER


def test_what_could_not_be_said_leaves_neither_file_nor_row(
    demo: Demo, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk full"):
        frame.send(PAPER)
    assert names(demo) == []
    with demo.tuanzi.database.reading() as session:
        assert session.scalars(select(InboxRow)).all() == []


def test_sixty_files_are_enough(demo: Demo, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.personal.uploads._MOST", 2)
    assert [frame.send(PAPER).status_code for _ in range(3)] == [202, 202, 429]
    assert len(names(demo)) == 2


def test_the_round_goes_at_once_when_rows_went(
    demo: Demo, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webchat.keeping._PAUSE_SECONDS", 0)
    file = file_of(demo, sent(frame))

    async def forget_and_look() -> None:
        going = asyncio.create_task(demo.tuanzi.sweeper.run(demo.tuanzi.bell))
        await asyncio.sleep(0.05)
        assert file.exists()
        await asyncio.to_thread(_drop_all, demo)
        for _ in range(500):
            if not file.exists():
                break
            await asyncio.sleep(0.01)
        going.cancel()

    asyncio.run(forget_and_look())
    assert not file.exists()


def _drop_all(demo: Demo) -> None:
    with demo.tuanzi.database.transaction() as session:
        session.execute(delete(Upload))

"""Whose a file is. Its row is there before the file and goes before it: a file without a row is
nobody's, and whoever is forgotten takes their rows along (T53)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data.delivery.inbound import Sender
from data.kernel.errors import NotFound, TooOften
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import meet
from data.personal.upload_models import Upload

_MOST = 60  # of one person at a time
_AT_ONCE = 500  # names in one statement: SQLite takes some thousand


@dataclass(frozen=True, slots=True)
class NewUpload:
    name: str
    media: str
    bytes: int


def note_upload(
    session: Session, *, account: ChannelAccount, sender: Sender, upload: NewUpload, now: datetime
) -> None:
    """Before the file is written. Whoever says nothing first is met by what they send."""
    locale = Locale.closest(sender.locale) if sender.locale else None
    person = meet(
        session,
        account=account,
        external_id=sender.external_id,
        name=sender.name,
        locale=locale,
        now=now,
    )
    theirs = select(func.count()).select_from(Upload).where(Upload.person_id == person.id)
    if (session.scalar(theirs) or 0) >= _MOST:
        raise TooOften("files")
    session.add(
        Upload(
            name=upload.name,
            merchant_id=account.merchant_id,
            account_id=account.id,
            person_id=person.id,
            media=upload.media,
            bytes=upload.bytes,
            created_at=now,
        )
    )
    session.flush()


def find_upload(session: Session, *, account_id: str, name: str) -> Upload:
    """NotFound for a name that is guessed, another account's, or forgotten."""
    upload = session.get(Upload, name)
    if upload is None or upload.account_id != account_id:
        raise NotFound("file")
    return upload


def drop_uploads(session: Session, *, names: Iterable[str]) -> None:
    gone = sorted(names)
    for start in range(0, len(gone), _AT_ONCE):
        session.execute(delete(Upload).where(Upload.name.in_(gone[start : start + _AT_ONCE])))


def names_since(session: Session, *, since: datetime) -> dict[str, datetime]:
    """Of every file that is still kept, and when it was sent."""
    kept = select(Upload.name, Upload.created_at).where(Upload.created_at >= since)
    return dict(session.execute(kept).all())


def drop_older(session: Session, *, before: datetime) -> None:
    session.execute(delete(Upload).where(Upload.created_at < before))

"""What a visitor sends besides words: pictures made anew, and PDF files nobody opens here.

The first bytes say what it is, not its name. It lies beside the database under a name that nobody
can guess; a row says whose it is (data/personal/uploads.py), and keeping.py takes it away.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from bot.app import Tuanzi
from bot.channels.rest import read_stored
from bot.web.limits import KIB
from bot.webchat import doors
from bot.webchat.doors import Visit
from bot.webchat.keeping import folder_of
from bot.webchat.talking import LINE_ID, Bearer, Line, as_rest, enter, in_thread, keep
from data.delivery import inbox
from data.kernel.errors import Invalid, NotFound
from data.kernel.tokens import new_token
from data.personal.uploads import NewUpload, drop_uploads, find_upload, note_upload

LARGEST = 8 * KIB * KIB  # docs/architecture.md, "limits": image 8 MB
_PICTURE, _PAPER = "image", "file"
_MAGIC = re.compile(
    rb"(?P<image>\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP)|(?P<file>%PDF-)", re.DOTALL
)
_PDF_KIND, _PDF_SUFFIX = "application/pdf", ".pdf"
_NAME = re.compile(r"[\w-]{22}\.(?:webp|pdf)", re.ASCII)
_ACCEPTED = 202
_HEADERS = {
    # Opened by itself it is nobody's page: no script, no frame, no origin of ours.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=86400",
}

router = APIRouter(prefix="/webchat/files", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """Read and found harmless; not kept yet. A PDF has no size in dots."""

    content: bytes
    media: str
    suffix: str
    size: tuple[int, int] | None = None


@router.post("/{account}", status_code=_ACCEPTED)
async def send(
    account: str,
    request: Request,
    line_id: Annotated[str, Query(alias="id", pattern=LINE_ID)],
    locale: Annotated[str, Query(max_length=35)] = "",
    timezone: Annotated[str, Query(max_length=64)] = "",
    authorization: Bearer = None,
) -> dict[str, Any]:
    """The body is the file. The same id again keeps nothing a second time."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    visit = await enter(tuanzi, request, account, authorization)
    doors.admit_file(tuanzi, visit)
    before = await in_thread(tuanzi, lambda: _sent_before(tuanzi, visit, line_id))
    if before is not None:
        return {"new": False, "file": before}
    # A picture takes half a second: not in the thread that turns wait for.
    upload = await asyncio.to_thread(read_upload, await request.body())
    line = Line(id=line_id, locale=locale, timezone=timezone)
    return await in_thread(tuanzi, lambda: _take(tuanzi, visit, line, upload))


@router.get("/{account}/{name}")
def fetch(account: str, name: str, request: Request) -> FileResponse:
    """Whoever knows the name; it has 128 random bits."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    if not _NAME.fullmatch(name):
        raise NotFound("file")
    with tuanzi.database.reading() as session:
        upload = find_upload(session, account_id=account, name=name)
    file = folder_of(tuanzi.database) / upload.account_id / upload.name
    if not file.is_file():
        raise NotFound("file")
    if upload.media == _PAPER:
        return FileResponse(file, media_type=_PDF_KIND, headers=_HEADERS, filename=name)
    return FileResponse(
        file,
        media_type="image/webp",
        headers=_HEADERS,
        filename=name,
        content_disposition_type="inline",
    )


def read_upload(content: bytes) -> Upload:
    """Invalid for anything but a PNG, JPEG, GIF or WebP picture or a PDF file."""
    from bot.webchat import pictures  # noqa: PLC0415  # Pillow comes with the first picture

    found = _MAGIC.match(content)
    if found is None:
        raise Invalid("file")
    if found.lastgroup == _PAPER:
        return Upload(content, _PAPER, _PDF_SUFFIX)
    dots, size = pictures.made_anew(content)
    return Upload(dots, _PICTURE, pictures.SUFFIX, size)


def _take(tuanzi: Tuanzi, visit: Visit, line: Line, upload: Upload) -> dict[str, Any]:
    """Row, file, message: whatever breaks on the way leaves nothing that is nobody's."""
    account = visit.site.account
    path = _new_path(tuanzi, account.id, upload.suffix)
    address = f"/webchat/files/{account.id}/{path.name}"
    file = {"media": upload.media, "address": address, "size": upload.size}
    # Colleagues at the console read words: the address is what they can open.
    payload = as_rest(visit, line, tuanzi.settings.public_url + address, media=upload.media)
    with tuanzi.database.transaction() as session:
        note_upload(
            session,
            account=account,
            sender=read_stored(payload, account).sender,
            upload=NewUpload(path.name, upload.media, len(upload.content)),
            now=tuanzi.clock.now(),
        )
    new = False
    try:
        path.write_bytes(upload.content)
        new = keep(tuanzi, visit, line.id, {**payload, "file": file})
    finally:
        if not new:
            _take_back(tuanzi, path)
    return {"new": new, "file": file if new else _sent_before(tuanzi, visit, line.id)}


def _take_back(tuanzi: Tuanzi, path: Path) -> None:
    """It was refused, or sent at the same moment twice."""
    with tuanzi.database.transaction() as session:
        drop_uploads(session, names=[path.name])
    path.unlink(missing_ok=True)


def _sent_before(tuanzi: Tuanzi, visit: Visit, line_id: str) -> dict[str, Any] | None:
    with tuanzi.database.reading() as session:
        event_id = f"{visit.visitor}:{line_id}"
        row = inbox.find(session, account_id=visit.site.account.id, event_id=event_id)
    return row.payload.get("file", {}) if row is not None else None


def _new_path(tuanzi: Tuanzi, account: str, suffix: str) -> Path:
    folder = folder_of(tuanzi.database) / account
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{new_token()}{suffix}"

"""Where files of visitors lie, and the round that takes away what is nobody's.

A row is committed before its file is written, and deleted before its file is: so a file without a
row is nobody's at any moment, whatever crashed, and the next round takes it.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.delivery.bell import Bell, heard
from bot.settings import VAR
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.personal.upload_models import Upload
from data.personal.uploads import drop_older, drop_uploads, names_since

log = logging.getLogger(__name__)
_EACH_SECONDS = 3600
_PAUSE_SECONDS = 5  # a round reads the whole folder: not for each of ten files
# A row this old without its file lost it in a crash: writing one takes a moment.
_UNWRITTEN = timedelta(hours=1)


def folder_of(database: Database) -> Path:
    """Beside the database if that is a file; in it one folder an account."""
    file = database.engine.url.database
    return (Path(file).parent if database.is_sqlite and file else VAR) / "webchat"


@dataclass(frozen=True, slots=True)
class Sweeper:
    """`kept`: how long a file is, like the text of a chat."""

    database: Database
    clock: Clock
    kept: timedelta

    async def run(self, bell: Bell) -> None:
        """Until cancelled; at once when rows went."""
        with bell.listening(Upload.__tablename__) as rung:
            while True:
                rung.clear()
                await self._try()
                await asyncio.sleep(_PAUSE_SECONDS)
                await heard(rung, _EACH_SECONDS)

    async def _try(self) -> None:
        """A database that is away for a moment must not end the round."""
        try:
            await asyncio.to_thread(self.sweep)
        except Exception:
            log.exception("uploads")

    def sweep(self) -> None:
        """What is there is listed first, whose it is read after: nothing new is taken away."""
        now = self.clock.now()
        there = _files(folder_of(self.database))
        with self.database.reading() as session:
            known = names_since(session, since=now - self.kept)
        for path in there:
            if path.name not in known:
                path.unlink(missing_ok=True)
        self._drop_rows(there, known, now)

    def _drop_rows(self, there: list[Path], known: dict[str, datetime], now: datetime) -> None:
        """Old ones, and such as lead to nothing; a folder that is away for a moment says nothing
        of its files."""
        found = {path.name for path in there}
        late = {name for name, at in known.items() if at < now - _UNWRITTEN}
        with self.database.transaction() as session:
            drop_older(session, before=now - self.kept)
            if found:
                drop_uploads(session, names=late - found)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/*") if path.is_file()]

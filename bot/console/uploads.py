"""A file between its check and its import: kept an hour, under a name nobody can guess.

It is never served. Who may have it back stands in its name: one merchant, no path.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from data.kernel.errors import NotFound
from data.kernel.tokens import new_token

KEPT = timedelta(hours=1)
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Uploads:
    folder: Path

    def keep(self, content: bytes, *, merchant_id: str, now: datetime) -> str:
        """The name to ask for it by."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget_old(now)
        name = new_token()
        self._path(merchant_id, name).write_bytes(content)
        return name

    def take(self, name: str, *, merchant_id: str) -> bytes:
        """Once: it is gone afterwards."""
        if not _NAME.fullmatch(name):
            raise NotFound("upload")
        path = self._path(merchant_id, name)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound("upload") from error
        path.unlink(missing_ok=True)
        return content

    def _path(self, merchant_id: str, name: str) -> Path:
        return self.folder / f"{merchant_id}.{name}.feed"

    def _forget_old(self, now: datetime) -> None:
        for path in self.folder.glob("*.feed"):
            if now.timestamp() - path.stat().st_mtime > KEPT.total_seconds():
                path.unlink(missing_ok=True)

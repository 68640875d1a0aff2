"""Where the databases of a bench live: SQLite files, and a PostgreSQL of its own, which keep every
commit through a power cut, as a shop's own do."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from data.kernel.database import Database
from data.schema import create_schema
from tests.postgresql import DURABLE, HASTY, Server, find_binaries


class Place(Protocol):
    """Gives URLs. Nobody may be connected to what is copied."""

    @property
    def name(self) -> str: ...

    def empty(self) -> str:
        """A new database with the schema and nothing in it."""
        ...

    def copy(self, url: str) -> str: ...

    def drop(self, url: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SqliteFiles:
    folder: Path
    name: str = "SQLite"

    def empty(self) -> str:
        url = self._new()
        database = Database(url)
        create_schema(database)
        database.close()
        return url

    def copy(self, url: str) -> str:
        copied = self._new()
        shutil.copyfile(_file(url), _file(copied))
        return copied

    def drop(self, url: str) -> None:
        for file in self.folder.glob(f"{_file(url).name}*"):
            file.unlink()

    def _new(self) -> str:
        return f"sqlite:///{self.folder / uuid4().hex}.db"


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    server: Server
    name: str = "PostgreSQL"

    def empty(self) -> str:
        return self.server.new_database()

    def copy(self, url: str) -> str:
        return self.server.new_database(template=url.rsplit("/", 1)[-1])

    def drop(self, url: str) -> None:
        self.server.drop_database(url)


@contextmanager
def places(*, durable: bool) -> Iterator[list[Place]]:
    """SQLite, and PostgreSQL where its binaries are installed; `durable=False`: one that does not
    wait for the disk, for those who only want to see that a bench runs."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        found: list[Place] = [SqliteFiles(Path(folder))]
        binaries = find_binaries()
        if binaries is not None:
            server = Server(binaries, DURABLE if durable else HASTY)
            stack.callback(server.stop)
            found.append(PostgresqlServer(server))
        yield found


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))

"""One PostgreSQL server for the whole test run, started only when a test first asks for it.

It runs from the binaries Debian installs, as a user of its own (it refuses to run as root), on a
free port of 127.0.0.1, in a directory that is removed at the end.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from data.kernel.database import Database
from data.schema import create_schema
from tests.builders import SESSION_INFO

ABSENT = (
    "PostgreSQL's initdb is neither on PATH nor in /usr/lib/postgresql/*/bin: "
    "apt-get install postgresql"
)
# Nothing of a test must survive a power cut, so nothing waits for the disk.
HASTY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"
DURABLE = "-c max_connections=250"  # as it comes, for a bench: a commit is on the disk
_TEMPLATE = "shop_template"
EMPTY = "template0"


# Runs beside the server until its input ends, which a run that is killed does too.
_END = 'cat; "$0" -D "$1/data" -m immediate stop; rm -rf "$1"'

# Whoever is still connected to this database leaves it.
_EMPTY_OUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def is_waited_for(database: Database) -> bool:
    """Does somebody wait for what another has locked? SQLite's writers wait before they begin, so
    whoever was started there may as well wait."""
    if database.is_sqlite:
        return True
    with database.reading() as session:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(session.scalar(waiting))


class Server:
    """A running server; every database of it starts as a copy of the shop's empty schema.

    To make a database and to drop it again takes as long as a test does: one that comes back is
    swept (a fiftieth of that) and lent to the next.
    """

    def __init__(self, binaries: Path, options: str = HASTY) -> None:
        self._bin = binaries
        self._options = options
        self._user = _unprivileged_user()
        self._dir = Path(tempfile.mkdtemp(prefix="tuanzi-pg-", dir="/tmp"))  # others may enter /tmp
        if self._user:
            shutil.chown(self._dir, self._user)
        self._port = _free_port()
        self._desk: psycopg.Connection | None = None
        self._brooms: dict[str, Broom] = {}
        self._idle: list[str] = []
        self._ender = self._start()

    def new_database(self, template: str = _TEMPLATE) -> str:
        """The URL of a fresh database with the schema in it; EMPTY has nothing in it."""
        name = f"shop_{uuid4().hex[:12]}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self._admin(f"DROP DATABASE {url.rsplit('/', 1)[-1]} WITH (FORCE)")

    def lend(self) -> str:
        """The URL of a database as `new_database` makes it, to be brought back."""
        if self._idle:
            return self._idle.pop()
        url = self.new_database()
        self._brooms[url] = Broom(url)
        return url

    def take_back(self, url: str) -> None:
        if self._brooms[url].sweep():
            self._idle.append(url)
        else:
            self._brooms.pop(url).connection.close()
            self.drop_database(url)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"

    def stop(self) -> None:
        for broom in self._brooms.values():
            broom.connection.close()
        if self._desk is not None:
            self._desk.close()
        self._ender.communicate()

    def _start(self) -> "subprocess.Popen[bytes]":
        """Gives what will end it."""
        data = f"{self._dir}/data"
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {self._port} -k {self._dir} -c listen_addresses=127.0.0.1 {self._options}"
        self._run("pg_ctl", "-D", data, "-o", options, "-l", f"{self._dir}/log", "-w", "start")
        ender = subprocess.Popen(
            ["sh", "-c", _END, self._bin / "pg_ctl", self._dir],
            user=self._user,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._admin(f"CREATE DATABASE {_TEMPLATE}")
        template = Database(self.url(_TEMPLATE))
        create_schema(template)
        template.close()
        return ender

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [self._bin / program, *args],
            user=self._user,
            cwd=self._dir,
            stdout=subprocess.DEVNULL,  # the server keeps what it inherits open
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            log = Path(self._dir, "log")
            raise RuntimeError(f"{program}: {log.read_text() if log.exists() else args}")

    def _admin(self, statement: str) -> None:
        """On one connection for the whole run: to make one takes longer than to make a database."""
        if self._desk is None:
            self._desk = psycopg.connect(
                host="127.0.0.1", port=self._port, user="postgres", autocommit=True
            )
        self._desk.execute(statement.encode())


class Broom:
    """Makes one database again what it was when it was new."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        # Rows go without asking keys and triggers, whatever their order.
        self.connection.execute("SET session_replication_role = replica")
        self._tables = self._named("tablename FROM pg_tables")
        counters = self._named("sequencename FROM pg_sequences")
        kept = {"alembic_version"}
        swept = [f'DELETE FROM "{name}"' for name in self._tables - kept]  # noqa: S608  # ours
        reset = [f"SELECT setval('\"{name}\"', 1, false)" for name in counters]
        self._work = ";".join((*swept, *reset)).encode()

    def sweep(self) -> bool:
        """False: a table is gone, it cannot be what it was."""
        self.connection.execute(_EMPTY_OUT)
        now = self._named("tablename FROM pg_tables")
        if self._tables - now:
            return False
        for name in now - self._tables:
            self.connection.execute(f'DROP TABLE "{name}" CASCADE'.encode())
        self.connection.execute(self._work)
        return True

    def _named(self, what: str) -> set[str]:
        rows = self.connection.execute(f"SELECT {what} WHERE schemaname = 'public'".encode())
        return {name for (name,) in rows}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The server; a machine without PostgreSQL skips and says so, CI fails."""
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    server = Server(binaries)
    yield server
    server.stop()


@pytest.fixture
def postgresql_database(postgresql: Server) -> Iterator[Database]:
    url = postgresql.lend()
    database = Database(url, pool_size=25, info=SESSION_INFO)
    yield database
    database.close()
    postgresql.take_back(url)


def find_binaries() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

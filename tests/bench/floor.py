"""The floor: the SQL of the very same turns, in a bare loop, one transaction a turn.

Recorded while the turns run in this process, then replayed with the driver alone on fresh copies
of the same seeded file, with the same durability (WAL, synchronous=FULL).
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.channels.rest import RestMetadata
from bot.play.world import open_world, seeded_file

_NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
Statement = tuple[str, Any, bool]


def record(script: Sequence[str], *, locale: str) -> list[list[Statement]]:
    """The statements of each turn of one script, with their parameters as the driver got them."""
    world = open_world(_NOW)
    turns: list[list[Statement]] = []
    with _noting(world.tuanzi.database.engine.dialect, turns):
        for text in script:
            turns.append([])
            about = RestMetadata(locale=locale)
            world.say(who="floor", where="private", text=text, about=about)
    world.close()
    return turns


@contextmanager
def _noting(dialect: Any, turns: list[list[Statement]]) -> Iterator[None]:
    """Where every statement passes, prepared or not."""
    execute, executemany = dialect.do_execute, dialect.do_executemany

    def note(sql: str, parameters: Any, many: bool) -> None:
        if turns and not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            turns[-1].append((sql, parameters, many))

    def noted(cursor: Any, sql: str, parameters: Any, context: Any = None) -> None:
        note(sql, parameters, False)
        execute(cursor, sql, parameters, context)

    def noted_many(cursor: Any, sql: str, parameters: Any, context: Any = None) -> None:
        note(sql, parameters, True)
        executemany(cursor, sql, parameters, context)

    dialect.do_execute, dialect.do_executemany = noted, noted_many
    try:
        yield
    finally:
        del dialect.do_execute, dialect.do_executemany


def replay(turns: Sequence[Sequence[Statement]], *, times: int) -> list[float]:
    """Seconds of each turn, over fresh copies."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(times):
            file = Path(folder) / f"{number}.db"
            shutil.copyfile(seeded_file(), file)
            taken += _replay_on(file, turns)
    return taken


def _replay_on(file: Path, turns: Sequence[Sequence[Statement]]) -> list[float]:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    taken = []
    for statements in turns:
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for sql, parameters, many in statements:
            run = connection.executemany if many else connection.execute
            run(sql, parameters).fetchall()
        connection.execute("COMMIT")
        taken.append(time.perf_counter() - begun)
    connection.close()
    return taken

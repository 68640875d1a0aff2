"""A shop that has been open for long: many conversations, or many merchants, in one database.

Written by SQL that multiplies what a real turn and a real set-up wrote, so every row is one that
the shop itself could have written.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

NUMBERS = "WITH RECURSIVE crowd(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM crowd WHERE n < :many)"
_OF_A_CONVERSATION = {
    "people": {"id": "id"},
    "channel_identities": {"id": None, "person_id": "id", "external_id": "id"},
    "chats": {"id": "id", "external_id": "id"},
    "chat_members": {"chat_id": "id", "person_id": "id"},
    "conversations": {"id": "id", "chat_id": "id", "person_id": "id"},
    "inbox": {"id": None, "event_id": "id"},
    "conversation_events": {"id": None, "conversation_id": "id", "inbox_id": None},
    "offered_options": {"id": None, "token": "id", "chat_id": "id", "person_id": "id"},
    "outbox": {
        "id": None, "key": "id", "chat_id": "id", "person_id": "id", "conversation_id": "id",
        "inbox_id": None,
    },
}  # fmt: skip
_OF_A_MERCHANT = {
    "merchants": {"id": "id"},
    "channel_accounts": {"id": "id", "merchant_id": "id", "external_id": "id"},
    "flow_versions": {"merchant_id": "id"},
    "flow_channels": {"merchant_id": "id"},
    "products": {"id": "id", "merchant_id": "id"},
    "variants": {"id": "id", "merchant_id": "id", "product_id": "id"},
    "product_tags": {"merchant_id": "id", "product_id": "id"},
}
# A shop of five products: what is measured is how many shops there are.
_FEW = "SELECT id FROM products ORDER BY external_id LIMIT 5"
_ONLY = {
    "products": f"id IN ({_FEW})",
    "variants": f"product_id IN ({_FEW})",
    "product_tags": f"product_id IN ({_FEW})",
}


def add_conversations(file: Path, many: int) -> None:
    """Like the ones that are there, each with all that it left behind."""
    with _writing(file) as database:
        _multiply(database, _OF_A_CONVERSATION, many)


def add_merchants(file: Path, many: int) -> None:
    """Each with a REST account, the same flows, five products."""
    with _writing(file) as database:
        _multiply(database, _OF_A_MERCHANT, many)


@contextmanager
def _writing(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as database:
        yield database
        database.commit()
        database.execute("ANALYZE")
        database.commit()


def _multiply(
    database: sqlite3.Connection, tables: dict[str, dict[str, str | None]], many: int
) -> None:
    for table, keys in tables.items():
        where = _ONLY.get(table, "1")
        database.execute(
            f"CREATE TEMP TABLE pattern AS SELECT * FROM {table} WHERE {where}"  # noqa: S608  # ours
        )
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        kept = [name for name in names if name != "id" or keys.get("id", "") is not None]
        into, cells = ", ".join(map(_quoted, kept)), ", ".join(_cell(name, keys) for name in kept)
        database.execute(
            f"INSERT INTO {table} ({into}) {NUMBERS} SELECT {cells} FROM pattern, crowd",  # noqa: S608  # ours
            {"many": many},
        )
        database.execute("DROP TABLE pattern")


def _cell(name: str, keys: dict[str, str | None]) -> str:
    if name not in keys:
        return _quoted(name)
    return f"{_quoted(name)} || '-' || n" if keys[name] else "NULL"


def _quoted(name: str) -> str:
    return f'"{name}"'

"""What alembic may compare: the search index is its engine's own affair, and so is an index that
PostgreSQL alone needs."""

from typing import Any

INDEX = "product_index"  # data/catalogue/index.py makes and drops it
_ON_POSTGRESQL = "ix_chats_in_bytes"  # data/people/models.py


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    if kind == "index" and name == _ON_POSTGRESQL:
        return False
    return not (kind == "table" and (name or "").startswith(INDEX))

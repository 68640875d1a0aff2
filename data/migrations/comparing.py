"""Which tables alembic may compare: the search index is its engine's own affair."""

from typing import Any

INDEX = "product_index"  # data/catalogue/index.py makes and drops it


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    return not (kind == "table" and (name or "").startswith(INDEX))

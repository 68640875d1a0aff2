"""What SQLAlchemy made of a statement once serves every engine of this process.

A running shop has one engine, and compiles a statement once; a test has an engine of its own, and
compiled every statement of the shop anew: a quarter of the time of a story. Whatever two engines
of one kind are asked, the product's own dialect renders it the same, so one cache may serve all.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry

from data.kernel import dialects

_COMPILED: dict[Any, Any] = {}


class _Shares:
    """Beside a dialect: two of one class are one to the cache, which is asked by dialect too."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class Sqlite(_Shares, dialects.Sqlite):
    supports_statement_cache = True


class Postgresql(_Shares, dialects.Postgresql):
    supports_statement_cache = True


def share() -> None:
    """From here on, every engine of the shop in this process."""
    for dialect in (Sqlite, Postgresql):
        registry.register(f"{dialect.name}.tuanzi", __name__, dialect.__name__)

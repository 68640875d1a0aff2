"""A savepoint that costs two words: for what writes by prepared statements alone.

The session's own keeps account of every object and is released by a statement of its own; here what
the session remembers stays as it is, and the savepoint goes with the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.kernel.errors import ShopError
from data.kernel.prepared import Prepared

_HERE = Prepared(text("SAVEPOINT until_refused"))
_BACK = Prepared(text("ROLLBACK TO until_refused"))


@contextmanager
def all_or_nothing(session: Session) -> Iterator[None]:
    """What ends in a ShopError has written nothing, and the caller may say why and go on. Any other
    error is for the whole transaction."""
    _HERE.run(session)
    try:
        yield
    except ShopError:
        _BACK.run(session)
        raise

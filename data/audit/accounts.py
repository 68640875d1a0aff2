"""An account of the books beside the rows that it is made of."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from data.ledger import Posting


def differs(rows: Select[str, str, int], account: ColumnElement[bool]) -> Select[Any]:
    """Shop and currency wherever they do not come to the same. `rows`: shop, currency and `minor`,
    against the books: above zero for an account that runs below."""
    booked = select(Posting.merchant_id, Posting.currency, Posting.amount_minor).where(account)
    both = union_all(rows, booked).subquery()
    return (
        select(both.c.merchant_id + literal("/") + both.c.currency)
        .group_by(both.c.merchant_id, both.c.currency)
        .having(func.sum(both.c.minor) != 0)
    )

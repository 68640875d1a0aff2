"""Which shop a command is about."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.terminal import CannotDo
from data.merchants import Merchant


def find_merchant(session: Session, wanted: str | None) -> Merchant:
    """The merchant named, or the only one."""
    merchants = session.scalars(select(Merchant).order_by(Merchant.id)).all()
    named = [merchant for merchant in merchants if wanted in (None, merchant.id)]
    if not merchants:
        raise CannotDo(("cli.no_shop", {}))
    if len(named) != 1:
        raise CannotDo(("cli.which_shop", {"known": ", ".join(one.id for one in merchants)}))
    return named[0]

"""What a GroupShop's people do to invite one another, by their names."""

from collections.abc import Iterator
from datetime import timedelta

from data.group_buys import (
    Allows,
    Came,
    Inviting,
    Seat,
    invite,
    invited_by,
    join,
    live_seat,
    note_invited,
    wait_for_place,
)
from data.kernel.database import Database
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.orders import Address, set_address, ship
from data.orders.return_terms import RETURN_DAYS
from tests.data.group_buys.shop import GroupShop

HOME = Address("Jun", "1", "Nanjing Road 1")
REWARD, BUDGET = Money(500, "CNY"), Money(1100, "CNY")
KEPT = timedelta(days=RETURN_DAYS)  # so long after it was sent an order may come back


def a_rewarding_shop(database: Database, *, size: int) -> Iterator[GroupShop]:
    """Inviting is rewarded there, twice at most; it must be sound when a test ends."""
    shop = GroupShop(
        database, size=size, limit=9, invite_reward=REWARD, invite_reward_budget=BUDGET
    )
    yield shop
    assert shop.violations() == []
    shop.close()


def everywhere(_channel: str) -> bool:
    return True


def nowhere(_channel: str) -> bool:
    return False


def gets_link(shop: GroupShop, team: str, name: str, channel: str = "rest") -> str:
    """Their own invitation; gives its token."""
    by = Inviting(shop.person(name), channel)
    with shop.database.transaction() as session:
        return invite(session, merchant_id=shop.merchant_id, team_id=team, by=by, now=shop.now)


def comes_by(
    shop: GroupShop, team: str, token: str, name: str, *, allows: Allows = everywhere
) -> str:
    """Somebody joins by a link; gives their seat."""
    person, came = shop.person(name), Came(fingerprint(token), "rest")
    with shop.database.transaction() as session:
        seat = join(session, team_id=team, person_id=person, now=shop.now)
        note_invited(session, seat=seat, came=came, allows=allows, now=shop.now)
        return seat.id


def waits_by(
    shop: GroupShop, team: str, token: str, *names: str, allows: Allows = everywhere
) -> None:
    """One after the other they get in line by a link."""
    came = Came(fingerprint(token), "rest")
    for name in names:
        person = shop.person(name)
        with shop.database.transaction() as session:
            by = invited_by(session, team_id=team, person_id=person, came=came, allows=allows)
            wait_for_place(session, team_id=team, person_id=person, by=by, now=shop.now)


def invites(shop: GroupShop, team: str, inviter: str, *names: str) -> list[str]:
    """One after the other by one link; gives their seats."""
    token = gets_link(shop, team, inviter)
    return [comes_by(shop, team, token, name) for name in names]


def seat_of(shop: GroupShop, team: str, name: str) -> Seat:
    with shop.database.reading() as session:
        seat = live_seat(session, team_id=team, person_id=shop.person(name))
        assert seat is not None
        session.expunge(seat)
        return seat


def sends(shop: GroupShop, team: str, *names: str) -> None:
    """The shop sends these orders."""
    for name in names:
        order_id = seat_of(shop, team, name).order_id
        assert order_id is not None
        told = {"order_id": order_id, "now": shop.now}
        with shop.database.transaction() as session:
            set_address(session, person_id=shop.person(name), address=HOME, **told)  # type: ignore[arg-type]  # one dict
            ship(session, merchant_id=shop.merchant_id, tracking=None, **told)  # type: ignore[arg-type]

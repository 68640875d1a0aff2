"""T40, T53: who became somebody else has nothing of their own, and who was forgotten is nobody."""

from typing import Any

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.occasions.models import Occasion
from data.orders.address_book import KeptAddress
from data.orders.models import BasketLine, Order
from data.people.models import ChannelIdentity, Person

_THEIRS = (ChannelIdentity, Occasion, KeptAddress, BasketLine)


def _has_anything() -> ColumnElement[bool]:
    return or_(*(exists().where(mine.person_id == Person.id) for mine in _THEIRS))


def _still_named(_: Moment) -> Select[Any]:
    """A seat may stay: a team that is decided knew them as two. Its order may not."""
    ordered = exists().where(Order.person_id == Person.id)
    return select(Person.id).where(Person.merged_into.is_not(None), or_(_has_anything(), ordered))


def _nobody(_: Moment) -> Select[Any]:
    """Two that became each other, or somebody of another shop."""
    into = aliased(Person)
    return (
        select(Person.id)
        .join(into, into.id == Person.merged_into)
        .where(or_(into.merged_into == Person.id, into.merchant_id != Person.merchant_id))
    )


def _not_forgotten(_: Moment) -> Select[Any]:
    return select(Person.id).where(
        Person.erased_at.is_not(None), or_(Person.name != "", _has_anything())
    )


CHECKS = (
    Check("T40", "merged_person_still_named", _still_named),
    Check("T40", "merged_into_nobody", _nobody),
    Check("T53", "person_not_forgotten", _not_forgotten),
)

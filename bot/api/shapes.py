"""JSON shapes that several nouns of the merchant API share."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

from bot.api.paging import Page
from data.kernel.locales import Locale
from data.kernel.money import Money

_Row = TypeVar("_Row")
_Shown = TypeVar("_Shown")


# What something is called, by language; a language that is missing shows another's.
Names = dict[Locale, Annotated[str, Field(min_length=1, max_length=120)]]


def names_in(given: Names) -> dict[str, str]:
    return {str(locale): name for locale, name in given.items()}


def names_out(kept: dict[str, str]) -> Names:
    return {Locale(tag): name for tag, name in kept.items()}


class ErrorOut(BaseModel):
    """`error` is a message id; the words are the client's."""

    error: str
    detail: str | None = None
    fields: list[str] | None = None


class MoneyOut(BaseModel):
    """Minor units (fen, cents) of an ISO 4217 currency."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        return cls(amount_minor=money.minor, currency=money.currency)


class MoneyIn(BaseModel):
    amount_minor: int = Field(gt=0, le=2**53)
    currency: str = Field(pattern="^[A-Z]{3}$")

    def money(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Listed(BaseModel, Generic[_Shown]):
    """One page. Ask with `after=next` for the page after it; `next` is null at the end."""

    items: list[_Shown]
    next: str | None = None


def listed(page: Page[_Row], show: Callable[[_Row], _Shown]) -> Listed[_Shown]:
    return Listed(items=[show(row) for row in page.items], next=page.next)


def numbered(
    rows: Sequence[_Row], show: Callable[[_Row], _Shown], *, limit: int, last: Callable[[_Row], int]
) -> Listed[_Shown]:
    """A page of rows that are numbered as they come; a full page may have another after it."""
    following = str(last(rows[-1])) if len(rows) == limit else None
    return Listed(items=[show(row) for row in rows], next=following)

"""split_orders.yml: on which terms a shop lets a group fill one order together, as a file.

Checked line by line and kept whole or not at all; applied twice it changes nothing the second time.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from bot.shop_files import ShopFileProblem, ShopFileProblems, files_that_begin, problems_in
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.merchants import Merchant
from data.split_orders import SplitTerms, change_split_terms, split_terms_of
from dialogs.format import Position, Problem, Source, read

ROOT = "split_orders"
_NEEDED = ("minimum", "fee")  # where it is offered


class SplitFileProblem(ShopFileProblem):
    """Its words are in split_orders.po."""

    words = "split_file"
    wrong = "split_file.wrong"


class SplitEntry(BaseModel):
    """Amounts in the shop's currency. Without `free_from` the delivery always costs; `offered:
    false` keeps the amounts in the file and nobody can open one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offered: bool = True
    minimum: Decimal | None = Field(default=None, ge=0, max_digits=16)
    fee: Decimal | None = Field(default=None, ge=0, max_digits=16)
    free_from: Decimal | None = Field(default=None, gt=0, max_digits=16)


def split_files_among(sources: Mapping[str, str]) -> dict[str, str]:
    return files_that_begin(ROOT, sources)


def split_problems(files: Mapping[str, str]) -> list[Problem]:
    return problems_in(files, read_split_file)


def read_split_file(file: str, text: str) -> tuple[Source, SplitEntry]:
    """ShopFileProblems with every mistake at once."""
    source = read(file, text)
    problems = list(source.problems)
    entry = None if problems else _entry(source, problems)
    if entry is None or problems:
        raise ShopFileProblems(problems)
    return source, entry


def _entry(source: Source, problems: list[Problem]) -> SplitEntry | None:
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get(ROOT), dict) or len(data) > 1:
        problems.append(SplitFileProblem("no_terms", Position(source.file)))
        return None
    try:
        entry = SplitEntry.model_validate(data[ROOT])
    except ValidationError as error:
        problems += [_problem(source, one) for one in error.errors()]
        return None
    missing = [name for name in _NEEDED if entry.offered and getattr(entry, name) is None]
    at = source.at((ROOT,), key=True)
    problems += [SplitFileProblem("missing", at, {"name": name}) for name in missing]
    return entry


def _problem(source: Source, error: Any) -> Problem:
    """A mistake that pydantic found, as one of ours."""
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(SplitEntry.model_fields))
        at = source.at((ROOT, name), key=True)
        return SplitFileProblem("unknown_key", at, {"name": name, "known": known})
    return _value(source, name)


def _value(source: Source, name: str) -> Problem:
    return SplitFileProblem("value", source.at((ROOT, name)), {"name": name})


def apply_split_file(
    session: Session, *, merchant: Merchant, file: str, text: str, by: str, now: datetime
) -> bool:
    """For those opened from now on, and who did it. False: it is so already. ShopFileProblems:
    nothing is changed."""
    source, entry = read_split_file(file, text)
    terms = _terms(source, entry, merchant.currency)
    if terms == split_terms_of(merchant):
        return False
    change_split_terms(session, merchant_id=merchant.id, terms=terms, by=by, now=now)
    return True


def _terms(source: Source, entry: SplitEntry, currency: str) -> SplitTerms | None:
    """Each amount must be one that the shop's currency has coins for, offered or not."""
    money: dict[str, Money | None] = {}
    problems = []
    for name in (*_NEEDED, "free_from"):
        amount: Decimal | None = getattr(entry, name)
        try:
            money[name] = None if amount is None else Money.of(amount, currency)
        except Invalid:
            problems.append(_value(source, name))
    if problems:
        raise ShopFileProblems(problems)
    minimum, fee = money["minimum"], money["fee"]
    if not entry.offered or minimum is None or fee is None:
        return None
    return SplitTerms(minimum, fee, money["free_from"])

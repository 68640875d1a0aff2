"""`tuanzi trial-balance`, `tuanzi statement`: the shop's books on a terminal, or as JSON."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.shop_days import between
from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE, CannotDo, complain, tell
from bot.which_shop import find_merchant
from data.kernel.errors import Invalid, NotFound
from data.kernel.money import Money
from data.ledger import (
    Movement,
    Span,
    Statement,
    statement,
    trial_balance,
    unbalanced_entries,
)
from data.merchants import Merchant

_AT_ONCE = 1000  # movements; a year's statement need not lie in memory whole


def show_trial_balance(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Every account's balance; exit 1 if some entry does not sum to zero."""
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
        accounts = trial_balance(session, merchant_id=merchant_id)
        broken = unbalanced_entries(session, merchant_id=merchant_id)
    if options.json:
        balances = {name: _json(balance) for name, balance in accounts.items()}
        _line({"shop": merchant_id, "accounts": balances, "unbalanced_entries": broken})
    for name, balance in () if options.json else accounts.items():
        tell("cli.balance", account=name, balance=_plain(balance))
    if broken:
        complain("cli.books_broken", entries=", ".join(map(str, broken)))
    elif not options.json:
        tell("cli.books_balanced" if accounts else "cli.books_empty")
    return BROKEN if broken else EXIT_SOUND


def show_statement(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """One account's movements between two days of the shop, both counted in."""
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        asked = _Asked(merchant, options.account, _span(options, merchant))
        show = _show_json if options.json else _show_plainly
        for part in _parts(session, asked):
            show(part)
    return EXIT_SOUND


@dataclass(frozen=True, slots=True)
class _Asked:
    merchant: Merchant
    account: str
    span: Span


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page of a statement adds to those before it."""

    told: Statement
    timezone: ZoneInfo
    is_first: bool


def _parts(session: Session, asked: _Asked) -> Iterator[_Part]:
    span, merchant_id = asked.span, asked.merchant.id
    while True:
        try:
            told = statement(session, merchant_id=merchant_id, account=asked.account, span=span)
        except NotFound:
            known = ", ".join(trial_balance(session, merchant_id=merchant_id)) or "-"
            raise CannotDo(("cli.no_account", {"account": asked.account, "known": known})) from None
        yield _Part(told, ZoneInfo(asked.merchant.timezone), is_first=not span.after)
        if told.next is None:
            return
        span = replace(span, after=told.next)


def _show_plainly(part: _Part) -> None:
    told = part.told
    if part.is_first:
        tell("cli.statement_opening", account=told.account, balance=_plain(told.opening))
    for move in told.movements:
        tell(
            "cli.statement_movement",
            at=move.written_at.astimezone(part.timezone).strftime("%Y-%m-%d %H:%M"),
            kind=move.kind,
            ref=move.source_ref,
            amount=_plain(move.amount),
            balance=_plain(move.balance),
        )
    if told.next is None:
        tell("cli.statement_closing", balance=_plain(told.closing))


def _show_json(part: _Part) -> None:
    """A line for the opening balance, one for each movement, one for the closing balance."""
    told = part.told
    if part.is_first:
        _line({"account": told.account, "opening": _json(told.opening)})
    for move in told.movements:
        _line(_movement(move))
    if told.next is None:
        _line({"account": told.account, "closing": _json(told.closing)})


def _movement(move: Movement) -> dict[str, Any]:
    return {
        "number": move.number,
        "kind": move.kind,
        "source_ref": move.source_ref,
        "event_at": move.event_at.isoformat(),
        "written_at": move.written_at.isoformat(),
        "amount": _json(move.amount),
        "balance": _json(move.balance),
    }


def _span(options: argparse.Namespace, merchant: Merchant) -> Span:
    said = [day for day in (options.first, options.last) if day]
    try:
        since, until = between(options.first, options.last, merchant.timezone)
    except Invalid:
        given: dict[str, object] = {"said": ", ".join(said)}
        raise CannotDo(("cli.bad_days", given), exit_code=EXIT_USAGE) from None
    return Span(since, until, limit=_AT_ONCE)


def _plain(money: Money) -> str:
    return f"{money.amount} {money.currency}"


def _json(money: Money) -> dict[str, Any]:
    return {"amount_minor": money.minor, "currency": money.currency}


def _line(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values, ensure_ascii=False) + "\n")

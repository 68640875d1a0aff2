"""What is due at providers: each account's in its order, all accounts side by side, so that one
that is silent holds up its own alone."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from data.kernel.clock import Clock


class _AtAccount(Protocol):
    @property
    def provider(self) -> str: ...

    @property
    def account_id(self) -> str | None: ...


class _Leased(_AtAccount, Protocol):
    @property
    def until(self) -> datetime | None: ...


_T = TypeVar("_T", bound=_AtAccount)
_L = TypeVar("_L", bound=_Leased)


def by_account(due: Iterable[_T]) -> Collection[list[_T]]:
    """Each in the order in which they came."""
    found: dict[tuple[str, str | None], list[_T]] = defaultdict(list)
    for one in due:
        found[one.provider, one.account_id].append(one)
    return found.values()


async def side_by_side(
    leased: Iterable[_L], make: Callable[[_L], Awaitable[None]], clock: Clock
) -> None:
    """One that breaks keeps none from being made: the first error is raised when all are."""
    done = await asyncio.gather(*(_in_turn(mine, make, clock) for mine in by_account(leased)))
    for error in (one for errors in done for one in errors):
        raise error


async def _in_turn(
    leased: Iterable[_L], make: Callable[[_L], Awaitable[None]], clock: Clock
) -> list[Exception]:
    """What broke. One whose lease has run out meanwhile is due again for whoever comes."""
    errors = []
    for one in leased:
        if one.until is not None and one.until <= clock.now():
            break
        try:
            await make(one)
        except Exception as error:
            errors.append(error)
    return errors

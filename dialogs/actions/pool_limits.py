"""How long a present collects and what one person gives at most. Both have a default, said in one
line before anything is opened; either is changed in words, whenever it comes to somebody's mind."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from data.catalogue import get_variant, price_of
from data.delivery.messages import Options
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.orders import quote
from data.people.quiet_hours import at_local, local_day, zone_of
from data.pools import SHORTEST, PoolTerms, pool_offer
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from dialogs.understanding.message import read_message
from dialogs.understanding.pool_limits import Limits, read_limits
from dialogs.understanding.values import Setting

_WINDOW = timedelta(days=7)  # our decision: a week to collect; goods are held that long
_OFFERED = (3, 7, 14)  # days
_FREE = 0
_AS_IT_IS = "as_it_is"  # from a button, or a question that was skipped
_UNCAPPED, _SHARES = "utter_pool_limits_free", "utter_pool_limits_shares"
_LAST_MINUTE = time(23, 59)


class ValidatePoolLimits(ShopAction):
    """Asked for them, a day alone is enough."""

    called = "validate_pool_limits"

    def act(self, turn: Turn) -> None:
        said = turn.slots.get("pool_limits")
        if said != _AS_IT_IS and _read(turn, said) is None:
            turn.set("pool_limits", None)
            turn.say("utter_pool_limits_unclear", currency=turn.merchant.currency)


class PoolLimits(ShopAction):
    """Takes over what was said, as far as it can be; what cannot is told, and stays as it was."""

    called = "action_pool_limits"

    def act(self, turn: Turn) -> None:
        said = _read(turn, turn.slots.get("pool_limits")) or Limits()
        for done in ("pool_limits", "pool_change"):
            turn.set(done, None)
        if said.lasts or said.until:
            _take_time(turn, said)
        if said.no_cap:
            turn.set("pool_cap", None)
        elif said.cap:
            turn.set("pool_cap", str(said.cap))
        _check_cap(turn)


def _take_time(turn: Turn, said: Limits) -> None:
    ends = {
        "lasts": said.lasts.total_seconds() if said.lasts else None,
        "until": said.until.isoformat() if said.until else None,
        "time": said.time,
    }
    if fits(turn, _window(turn, ends)):
        turn.set("pool_ends", ends)
    else:
        say_window(turn)


def fits(turn: Turn, window: timedelta) -> bool:
    """Within what the shop lets a present collect."""
    return SHORTEST <= window <= _longest(turn)


def say_window(turn: Turn) -> None:
    turn.say("utter_pool_window", days=str(_longest(turn).days))


def _longest(turn: Turn) -> timedelta:
    return pool_offer(turn.merchant).longest


def _check_cap(turn: Turn) -> None:
    """A cap that lets nobody give is none; one above the whole sum limits nothing."""
    cap, target = cap_of(turn), target_of(turn)
    least = _least(turn, target)
    if cap is not None and cap < least:
        turn.set("pool_cap", None)
        turn.say("utter_pool_cap_low", least=least)
    elif cap is not None and cap >= target:
        turn.set("pool_cap", None)


class AskPoolLimits(ShopAction):
    called = "action_ask_pool_limits"

    def act(self, turn: Turn) -> None:
        options = [
            turn.option(
                "utter_pool_days_button", f'/SetSlots(pool_limits="{days} days")', count=str(days)
            )
            for days in _OFFERED
            if fits(turn, timedelta(days=days))
        ]
        if turn.slots.get("pool_cap") is not None:
            options.append(
                turn.option("utter_pool_no_cap_button", '/SetSlots(pool_limits="no cap")')
            )
        options.append(
            turn.option("utter_pool_as_it_is_button", f"/SetSlots(pool_limits={_AS_IT_IS})")
        )
        turn.say("utter_ask_pool_limits", Options(tuple(options)))


def limits_in_words(turn: Turn) -> dict[str, str]:
    """The one line of it as `limits`: "Until Friday, at most CN¥50 each". `days` is for flows that
    a shop published before, which know nothing else."""
    known = {"days": str(window_of(turn).days)}
    return known | {"limits": _line(turn)} if turn.knows(_UNCAPPED) else known


def _line(turn: Turn) -> str:
    window, cap, target = window_of(turn), cap_of(turn), target_of(turn)
    until = local_day(turn.now + window, zone_of(turn.person.timezone))
    values = {"until": until, "left": window}
    if cap is None:
        return turn.words(_UNCAPPED if shares_of(turn) is None else _SHARES, **values)
    people = str(_people_at_least(target, cap, shares_of(turn)))
    return turn.words("utter_pool_limits_cap", cap=cap, people=people, **values)


def _people_at_least(target: Money, cap: Money, shares: int | None) -> int:
    if shares is None:
        return -(-target.minor // cap.minor)
    each = cap.minor // target.split([1] * shares)[0].minor
    return -(-shares // max(each, 1))


def window_of(turn: Turn) -> timedelta:
    """From now on. A day that was said long ago may be over: then it is shorter than any may be."""
    ends = turn.slots.get("pool_ends")
    return _window(turn, ends) if isinstance(ends, Mapping) else min(_WINDOW, _longest(turn))


def _window(turn: Turn, ends: Mapping[str, Any]) -> timedelta:
    """All of the day that was said, or until the hour of it; the last day that may be is as long
    as it may be."""
    if not ends["until"]:
        return timedelta(seconds=float(ends["lasts"]))
    on = date.fromisoformat(ends["until"])
    hour = time.fromisoformat(ends["time"]) if ends["time"] else _LAST_MINUTE
    window = at_local(on, hour, zone_of(turn.person.timezone)) - turn.now
    longest = _longest(turn)
    return min(window, longest) if window < longest + timedelta(days=1) else window


def cap_of(turn: Turn) -> Money | None:
    said = turn.slots.get("pool_cap")
    return None if said is None else Money.of(str(said), turn.merchant.currency)


def target_of(turn: Turn) -> Money:
    variant = get_variant(
        turn.session, merchant_id=turn.merchant.id, variant_id=str(turn.slots["variant"])
    )
    return quote(turn.merchant, price_of(variant)).total


def shares_of(turn: Turn) -> int | None:
    """None: any amounts."""
    count = said_shares(turn)
    return None if count == _FREE else count


def said_shares(turn: Turn) -> int:
    """As a number, or as what was read of "three shares"."""
    said = turn.slots.get("pool_shares") or 0
    return int(said["value"]) if isinstance(said, dict) else int(said)


def _least(turn: Turn, target: Money) -> Money:
    """What everybody must be able to give."""
    terms = PoolTerms(for_name="", window=_WINDOW, shares=shares_of(turn))
    return terms.least_cap(target)


def _read(turn: Turn, said: object) -> Limits | None:
    """What cannot be an amount of this currency (¥50.005) is none."""
    if not isinstance(said, str):
        return None
    today = local_day(turn.now, zone_of(turn.person.timezone))
    setting = Setting(today, turn.locale, turn.merchant.currency)
    read = read_limits(read_message(said), setting, asked=True)
    try:
        if read is not None and read.cap is not None:
            Money.of(read.cap, turn.merchant.currency)
    except Invalid:
        return None
    return read


ACTIONS = (ValidatePoolLimits, PoolLimits, AskPoolLimits)

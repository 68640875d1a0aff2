"""What an organiser sets, and what one contribution may be."""

from dataclasses import dataclass
from datetime import timedelta

from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money, exponent
from data.pools.models import EndRule, Pool, ShareRule

HOLD = timedelta(minutes=10)  # a promise of money waits as long as a seat (T38)
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=14)  # goods are held all that time
FEWEST_SHARES, MOST_SHARES = 2, 50
LONGEST_NAME = 40
ADDRESS_TIME = timedelta(days=7)  # for the organiser to say where it goes …
REMINDED_AFTER = timedelta(days=3)  # … and when they are asked again
REST_TIME = timedelta(days=3)  # for the organiser to add what is missing
OPEN_PER_PERSON = 3  # each holds goods that nobody has paid for
HOLDS_PER_PERSON = 3  # unpaid contributions, in all pools together


@dataclass(frozen=True, slots=True)
class PoolTerms:
    """`shares` None: free amounts, from `least` (left out: one unit of the currency) on. `cap`:
    what one person may give in all. `recipient_id`: the person it is for, where they are known."""

    for_name: str
    window: timedelta
    shares: int | None = None
    end_rule: EndRule = EndRule.ALL_OR_NOTHING
    least: Money | None = None
    cap: Money | None = None
    recipient_id: str | None = None

    def least_of(self, target: Money) -> Money:
        """The smallest contribution to this target."""
        if self.shares is not None:
            return Money(max(target.minor // self.shares, 1), target.currency)
        one_unit = Money(10 ** exponent(target.currency), target.currency)
        return self.least or min(one_unit, target)


def check_terms(terms: PoolTerms, target: Money, *, longest: timedelta) -> None:
    """Invalid names the field that makes no sense; `longest` is what the shop lets one collect."""
    least = terms.least_of(target)
    shares = terms.shares
    # The dearer shares are a cent more than the others: a cap below them would keep people out.
    dearest = least if shares is None else target.split([1] * shares)[0]
    rules = {
        "for_name": 0 < len(terms.for_name.strip()) <= LONGEST_NAME,
        "window": SHORTEST <= terms.window <= longest,
        "shares": shares is None or FEWEST_SHARES <= shares <= min(MOST_SHARES, target.minor),
        "least": 0 < least.minor <= target.minor,
        "cap": terms.cap is None or dearest <= terms.cap <= target,
    }
    for name, holds in rules.items():
        if not holds:
            raise Invalid(name)


def next_share(pool: Pool) -> Money:
    """Of equal shares some are a cent larger, so that all together are the target exactly: those
    go first. Of a locked pool: what is held says how many of them are taken."""
    if pool.shares is None:
        raise Invalid("amount")
    smaller, larger_ones = divmod(pool.target_minor, pool.shares)
    taken = pool.held_minor - pool.places * smaller
    return Money(smaller + int(taken < larger_ones), pool.currency)


def amount_of(pool: Pool, wanted: Money | None) -> Money:
    """What this contribution is, of a locked pool. Refused: "pool_full", "pool_least" (the
    smallest), "pool_most" (what is still missing)."""
    if not pool.free.minor:
        raise Refused("pool_full")
    if pool.share_rule == ShareRule.FIXED:
        return next_share(pool)
    if wanted is None or wanted.currency != pool.currency:
        raise Invalid("amount")
    least = min(Money(pool.least_minor, pool.currency), pool.free)  # the last cents are welcome
    if wanted < least:
        raise Refused("pool_least", least=least)
    if wanted > pool.free:
        raise Refused("pool_most", most=pool.free)
    return wanted

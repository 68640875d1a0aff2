"""What an organiser sets, and what one contribution may be."""

from dataclasses import dataclass
from datetime import timedelta

from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money, exponent
from data.payments.smallest import smallest_charge
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
    """`shares` None: free amounts, from `least` (left out: one unit of the currency, or what can be
    paid at all where that is more) on. `cap`: what one person may give in all. `recipient_id`: the
    person it is for, where they are known."""

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
        return self.least or min(max(one_unit, smallest_charge(target.currency)), target)

    def least_cap(self, target: Money) -> Money:
        """The smallest cap. Of free amounts it has room for one that leaves what can be paid: else
        all could be given but a little, and nobody could give that."""
        least = self.least_of(target)
        if self.shares is not None:  # the dearer shares are a cent more than the others
            return target.split([1] * self.shares)[0]
        return min(least + smallest_charge(target.currency), target)


def check_terms(terms: PoolTerms, target: Money, *, longest: timedelta) -> None:
    """Invalid names the field that makes no sense; `longest` is what the shop lets one collect."""
    least = terms.least_of(target)
    smallest = min(smallest_charge(target.currency), target)
    shares = terms.shares
    rules = {
        "for_name": 0 < len(terms.for_name.strip()) <= LONGEST_NAME,
        "window": SHORTEST <= terms.window <= longest,
        "shares": shares is None or FEWEST_SHARES <= shares <= most_shares(target),
        "least": shares is not None or smallest <= least <= target,
        "cap": terms.cap is None or terms.least_cap(target) <= terms.cap <= target,
    }
    for name, holds in rules.items():
        if not holds:
            raise Invalid(name)


def most_shares(target: Money) -> int:
    """Each of them can be paid."""
    return min(MOST_SHARES, target.minor // smallest_charge(target.currency).minor)


def next_share(pool: Pool) -> Money:
    """Of equal shares some are a cent larger, so that all together are the target exactly: those
    go first. Of a locked pool: what is held says how many of them are taken."""
    if pool.shares is None:
        raise Invalid("amount")
    smaller, larger_ones = divmod(pool.target_minor, pool.shares)
    taken = pool.held_minor - pool.places * smaller
    return Money(smaller + int(taken < larger_ones), pool.currency)


def amount_of(pool: Pool, wanted: Money | None, room: Money | None) -> Money:
    """What this contribution is, of a locked pool; `room`: what the cap leaves this person.

    Refused: "pool_full", "pool_least" (the smallest), "pool_most" (what is still missing),
    "pool_rest" (what would be left cannot be paid, and what fits), "pool_cap".
    """
    if not pool.free.minor:
        raise Refused("pool_full")
    amount = next_share(pool) if pool.share_rule == ShareRule.FIXED else _free_amount(pool, wanted)
    if room is not None and amount > room:
        assert pool.cap_minor is not None  # noqa: S101  # it is what there is room under
        raise Refused("pool_cap", cap=Money(pool.cap_minor, pool.currency), left=room)
    smallest = smallest_charge(pool.currency)
    left = pool.free - amount
    if pool.share_rule == ShareRule.FREE and left.minor and left < smallest:
        fits = _fitting(pool, room)
        raise Refused("pool_rest", left=left, smallest=smallest, fits=fits)
    return amount


def _free_amount(pool: Pool, wanted: Money | None) -> Money:
    if wanted is None or wanted.currency != pool.currency:
        raise Invalid("amount")
    least = min(_least(pool), pool.free)  # the last cents are welcome
    if wanted < least:
        raise Refused("pool_least", least=least)
    if wanted > pool.free:
        raise Refused("pool_most", most=pool.free)
    return wanted


def _least(pool: Pool) -> Money:
    """Pools that were opened before we knew what can be paid may have less in their row."""
    return max(Money(pool.least_minor, pool.currency), smallest_charge(pool.currency))


def _fitting(pool: Pool, room: Money | None) -> tuple[Money, ...]:
    """All of the rest, and the most that leaves what somebody else can pay: as far as this person
    may give it."""
    less = pool.free - smallest_charge(pool.currency)
    fits = (pool.free, less) if less >= _least(pool) else (pool.free,)
    return tuple(one for one in fits if room is None or one <= room)

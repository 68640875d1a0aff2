"""`./dev bench money`: whole checkouts through the SIMULATED bank, and a crowd at one product's
row; on SQLite and on a PostgreSQL, each beside its floor, the same SQL by the driver alone.

What a checkout is: checkouts.py. The floor: recorded.py. The crowd: hot_row.py.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench import hot_row
from tests.bench.checkouts import Base, sell, shop_with_buyers
from tests.bench.hot_row import Crowd
from tests.bench.load import CLIENTS, Load
from tests.bench.places import Place, places
from tests.bench.recorded import Checkout, calls_of, count_apart, record, replay
from tests.bench.report import Report, p99
from tests.postgresql import ABSENT

AIM_FLOOR = 0.5  # of the same SQL, bare
FULL, QUICK = (160, 3, Crowd(8, 25, stock=100)), (8, 1, Crowd(2, 10, stock=10))
_POSTGRESQL_TOO = 2


@dataclass(slots=True)
class Pair:
    """In turns, so that a machine that changes its speed changes it for both."""

    ours: Load = field(default_factory=Load)
    floor: Load = field(default_factory=Load)


def run(quick: bool) -> Report:
    buyers, rounds, crowd = QUICK if quick else FULL
    report = Report("money")
    if not quick:
        hot_row.preload()
    with places(durable=not quick) as found:
        for place in found:
            _checkouts(report, place, buyers, rounds)
        for place in found:
            _rush(report, place, crowd, rounds)
        if len(found) < _POSTGRESQL_TOO:
            report.notes.append(f"no PostgreSQL: {ABSENT}")
        elif quick:
            report.notes.append("quick: this PostgreSQL does not wait for the disk")
    return report


def _checkouts(report: Report, place: Place, buyers: int, rounds: int) -> None:
    base = shop_with_buyers(place, buyers)
    count_apart(base)
    checkouts = record(base)
    report.figures |= _counted(place, base, checkouts)
    pairs = {1: Pair(), CLIENTS: Pair()}
    for _ in range(rounds):
        for clients, pair in pairs.items():
            pair.ours.add(sell(base, clients=clients))
            pair.floor.add(replay(base, checkouts, clients=clients))
    for clients, pair in pairs.items():
        name = f"{place.name}, {clients} at once"
        report.rows |= {name: _row(pair.ours), f"{name}: floor": _row(pair.floor)}
        _hold(report, f"checkouts, {name}", pair.ours.per_s / pair.floor.per_s)
    place.drop(base.url)


def _counted(place: Place, base: Base, checkouts: Sequence[Checkout]) -> dict[str, float]:
    """Of one checkout; a busy machine does not change them."""
    last = checkouts[-1]
    return {
        f"{place.name}: statements a checkout": sum(len(one.statements) for one in last),
        f"{place.name}: transactions": len(last),
        f"{place.name}: … that write": sum(one.writes for one in last),
        f"{place.name}: calls of functions": calls_of(base),
    }


def _row(load: Load) -> dict[str, float]:
    return {
        "a second": load.per_s,
        "p50 ms": statistics.median(load.taken) * 1000,
        "p99 ms": p99(load.taken) * 1000,
    }


def _rush(report: Report, place: Place, crowd: Crowd, rounds: int) -> None:
    """The middle one of each."""
    ours, floor = [], []
    for _ in range(rounds):
        ours.append(hot_row.ours(place, crowd).per_s)
        floor.append(hot_row.bare(place, crowd).per_s)
    what = f"{crowd.stock} units, {crowd.buyers} buyers at once"
    name = f"{place.name}: reservations a second"
    got = {"ours": statistics.median(ours), "bare UPDATE": statistics.median(floor)}
    report.figures |= {f"{name}, {who}": speed for who, speed in got.items()}
    _hold(report, f"{what}, {place.name}", got["ours"] / got["bare UPDATE"])


def _hold(report: Report, what: str, ratio: float) -> None:
    report.ratios[f"{what}: ours to floor"] = ratio
    report.aim(f"{what}: at least half of the floor", got=ratio, ok=ratio >= AIM_FLOOR)

"""`./dev bench group-buy`: people join one hot team, and a thousand teams, beside the same SQL by
the driver alone and a bare conditional UPDATE of the team; and what a join costs while more and
more teams are open.

On SQLite and on a PostgreSQL. What a join is: joins.py. The teams: teams.py.
"""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from tests.bench import joins
from tests.bench.joins import Seat
from tests.bench.load import CLIENTS, Load
from tests.bench.places import Place, places
from tests.bench.report import Report, p99
from tests.bench.teams import SEATS, TeamShop, shop_with_teams
from tests.postgresql import ABSENT

AIM_FLOOR = 0.5  # of the bare UPDATE
AIM_FLAT = 1.2  # a join beside the most teams to one beside the fewest
_PARTS = 10  # of the joins that are measured alone: a part of each shop's in turn
_POSTGRESQL_TOO = 2


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many people in so many teams, from so many processes, so many times."""

    people: int
    teams: int
    processes: int = CLIENTS
    rounds: int = 3

    @property
    def name(self) -> str:
        return "one hot team" if self.teams == 1 else f"{self.teams:,} teams"


@dataclass(slots=True)
class Sides:
    """In turns, so that a machine that changes its speed changes it for all."""

    ours: Load = field(default_factory=Load)
    replayed: Load = field(default_factory=Load)
    bare: Load = field(default_factory=Load)


# Crowds, then open teams beside which people join alone, then how many of them.
_FULL = ((Crowd(SEATS - 1, 1), Crowd(1_000, 1_000)), (10, 100, 1_000, 10_000, 100_000), 200)
_QUICK = ((Crowd(10, 1, 2, 1), Crowd(10, 5, 2, 1)), (10, 100), 20)


def run(quick: bool) -> Report:
    report = Report("group-buy")
    crowds, sizes, alone = _QUICK if quick else _FULL
    if not quick:
        joins.preload()
    with places(durable=not quick) as found:
        for place in found:
            for crowd in crowds:
                _rush(report, place, crowd)
        for place in found:
            _grow(report, place, sizes, alone)
        if len(found) < _POSTGRESQL_TOO:
            report.notes.append(f"no PostgreSQL: {ABSENT}")
        elif quick:
            report.notes.append("quick: this PostgreSQL does not wait for the disk")
    return report


def _rush(report: Report, place: Place, crowd: Crowd) -> None:
    shop = shop_with_teams(place, teams=crowd.teams, people=crowd.people)
    sides, seats = Sides(), _seats(shop)
    joined = joins.record(shop, seats)
    for _ in range(crowd.rounds):
        sides.ours.add(joins.ours(shop, seats, crowd.processes))
        sides.replayed.add(joins.replay(shop, joined, crowd.processes))
        sides.bare.add(joins.bare(shop, seats, crowd.processes))
    name = f"{place.name}, {crowd.name}"
    report.rows |= {
        name: _row(sides.ours),
        f"{name}: same SQL": _row(sides.replayed),
        f"{name}: bare UPDATE": _row(sides.bare),
    }
    ratio = sides.ours.per_s / sides.bare.per_s
    report.ratios |= {
        f"{name}: ours to same SQL": sides.ours.per_s / sides.replayed.per_s,
        f"{name}: same SQL to bare UPDATE": sides.replayed.per_s / sides.bare.per_s,
        f"{name}: ours to bare UPDATE": ratio,
    }
    report.figures[f"{place.name}: statements a join"] = len(joined[-1].statements)
    report.aim(f"{name}: at least half of the bare rate", got=ratio, ok=ratio >= AIM_FLOOR)
    place.drop(shop.url)


def _seats(shop: TeamShop) -> list[Seat]:
    """Everybody's, in one team after the other."""
    return [(shop.teams[nth % len(shop.teams)], person) for nth, person in enumerate(shop.people)]


def _row(load: Load) -> dict[str, float]:
    return {
        "a second": load.per_s,
        "p50 ms": statistics.median(load.taken) * 1000,
        "p99 ms": p99(load.taken) * 1000,
    }


def _grow(report: Report, place: Place, sizes: Sequence[int], alone: int) -> None:
    """In turns, so that a machine that changes its speed changes it for all."""
    shops = [shop_with_teams(place, teams=size, people=alone) for size in sizes]
    taken: list[list[float]] = [[] for _ in shops]
    with ExitStack() as stack:
        open_now = [stack.enter_context(closing(shop.open(shop.url))) for shop in shops]
        waiting = [_in_parts(_seats(shop), _PARTS) for shop in shops]
        for tuanzi, shop in zip(open_now, shops, strict=True):
            joins.warm(tuanzi, _seats(shop)[0])
        for parts in zip(*waiting, strict=True):
            for tuanzi, part, times in zip(open_now, parts, taken, strict=True):
                times.extend(joins.one_by_one(tuanzi, part).taken)
    for shop, size, times in zip(shops, sizes, taken, strict=True):
        report.figures[f"{place.name}: a join beside {size:,} open teams, ms"] = (
            statistics.median(times) * 1000
        )
        shop.prove(shop.url, alone)
        place.drop(shop.url)
    ratio = statistics.median(taken[-1]) / statistics.median(taken[0])
    what = f"{place.name}: a join beside {sizes[-1]:,} teams to one beside {sizes[0]:,}"
    report.ratios[what] = ratio
    report.aim(f"{what}: at most {AIM_FLAT}", got=ratio, ok=ratio <= AIM_FLAT)


def _in_parts(seats: Sequence[Seat], many: int) -> Iterator[Sequence[Seat]]:
    return (seats[nth::many] for nth in range(many))

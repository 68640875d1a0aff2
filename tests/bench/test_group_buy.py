"""The bench of group-buys runs, and what it measures is really done: it proves its own sums."""

import pytest

from tests.bench import group_buy
from tests.postgresql import find_binaries


@pytest.mark.slow  # shops of their own in processes of their own: half a minute for two joins
def test_joins_are_measured_on_each_database_beside_their_floors() -> None:
    report = group_buy.run(quick=True)
    names = ["SQLite", "PostgreSQL"] if find_binaries() else ["SQLite"]
    rows = [f"{name}, {what}" for name in names for what in ("one hot team", "5 teams")]
    sides = ("", ": same SQL", ": bare UPDATE")
    assert list(report.rows) == [f"{row}{side}" for row in rows for side in sides]
    assert all(cell > 0 for row in report.rows.values() for cell in row.values())
    assert len(report.checks) == len(rows) + len(names)
    assert len(report.ratios) == len(rows) * len(sides) + len(names)
    assert len(report.notes) == 1  # no PostgreSQL, or that this one is hasty

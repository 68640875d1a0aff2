"""The bench of group-buys runs, and what it measures is really done: it proves its own sums."""

import pytest

from tests.bench import group_buy
from tests.postgresql import find_binaries


@pytest.mark.slow  # shops of their own in processes of their own: half a minute for two joins
def test_joins_are_measured_on_each_database_beside_a_bare_update() -> None:
    report = group_buy.run(quick=True)
    names = ["SQLite", "PostgreSQL"] if find_binaries() else ["SQLite"]
    rows = [f"{name}, {what}" for name in names for what in ("one hot team", "5 teams")]
    assert list(report.rows) == [each for row in rows for each in (row, f"{row}: bare UPDATE")]
    assert all(cell > 0 for row in report.rows.values() for cell in row.values())
    assert len(report.checks) == len(report.ratios) == len(rows) + len(names)
    assert len(report.notes) == 1  # no PostgreSQL, or that this one is hasty

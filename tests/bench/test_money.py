"""The bench of money runs, and what it measures is really done: it proves its own sums."""

from tests.bench import money
from tests.bench.load import CLIENTS
from tests.postgresql import find_binaries


def test_money_is_measured_on_each_database_beside_its_floor() -> None:
    report = money.run(quick=True)
    names = ["SQLite", "PostgreSQL"] if find_binaries() else ["SQLite"]
    rows = [f"{name}, {many} at once" for name in names for many in (1, CLIENTS)]
    assert list(report.rows) == [each for row in rows for each in (row, f"{row}: floor")]
    assert all(cell > 0 for row in report.rows.values() for cell in row.values())
    assert len(report.checks) == len(report.ratios) == len(rows) + len(names)
    assert len(report.notes) == 1  # no PostgreSQL, or that this one is hasty

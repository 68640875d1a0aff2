"""Each threat of the threat list has a test that quotes its id, or waits for its surface."""

import re

from tests.house.source import ROOT

ALL = {f"T{number:02d}" for number in range(1, 57)}
# What opens the surface; then the line here goes, and a test must quote the id.
WAITING = {
    "T39": "red packets",
}
# In a docstring (T08) or in a test's name (test_t08_…).
_ID = re.compile(r"(?<![A-Za-z0-9\\])[Tt](0[1-9]|[1-4][0-9]|5[0-6])(?![A-Za-z0-9])")


def quoted() -> set[str]:
    """Ids that stand in any test but this one."""
    here = ROOT / "tests"
    files = [*here.rglob("*.py"), *here.rglob("*.yml")]
    return {
        f"T{number}"
        for file in files
        if file.name != "test_threats.py"
        for number in _ID.findall(file.read_text(encoding="utf-8"))
    }


def test_every_threat_is_tested_or_waits_for_its_surface() -> None:
    assert not sorted(ALL - quoted() - set(WAITING))


def test_no_threat_waits_that_has_its_test() -> None:
    assert not sorted(quoted() & set(WAITING))

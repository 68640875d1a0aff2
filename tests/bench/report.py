"""Figures, their ratios to a floor measured in the same run, and the aims they are held against."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_WIDE = 27  # of a name, at least


def p99(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


@dataclass(frozen=True, slots=True)
class Check:
    aim: str
    got: float
    ok: bool


@dataclass(slots=True)
class Report:
    bench: str
    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    rows: dict[str, dict[str, float]] = field(default_factory=dict)  # each with the same columns
    notes: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def aim(self, text: str, *, got: float, ok: bool) -> None:
        self.checks.append(Check(text, got, ok))

    def table(self) -> str:
        names = (*self.figures, *self.ratios, *self.rows)
        wide = max(_WIDE, *map(len, names)) + 1
        lines = [f"bench {self.bench}"]
        lines += [f"  {name:<{wide}}{value:>12.2f}" for name, value in self.figures.items()]
        lines += [f"  {name:<{wide}}{value:>12.2f} x" for name, value in self.ratios.items()]
        lines += [*self._rows(wide), *(f"  {note}" for note in self.notes)]
        lines += [
            f"  {'ok ' if check.ok else 'NOT'} {check.aim}: {check.got:.2f}"
            for check in self.checks
        ]
        return "\n".join(lines)

    def _rows(self, wide: int) -> list[str]:
        """A table of their own, below the names of its columns."""
        names = list(next(iter(self.rows.values()), ()))
        lines = {"": names} if names else {}
        lines |= {who: [f"{row[name]:.2f}" for name in names] for who, row in self.rows.items()}
        return [f"  {who:<{wide}}" + _columns(names, cells) for who, cells in lines.items()]

    def to_json(self) -> dict[str, Any]:
        checks = [{"aim": one.aim, "got": one.got, "ok": one.ok} for one in self.checks]
        return {
            "bench": self.bench,
            "figures": self.figures,
            "ratios": self.ratios,
            "rows": self.rows,
            "notes": self.notes,
            "checks": checks,
        }


def _columns(names: Sequence[str], cells: Sequence[str]) -> str:
    """Each as wide as its column's name."""
    return "".join(f"{cell:>{len(name) + 2}}" for name, cell in zip(names, cells, strict=True))

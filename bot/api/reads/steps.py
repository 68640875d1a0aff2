"""The figures of the steps as a shop reads them: flow by flow, steps in their order, the versions
of a step one under the other, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.shop_days import is_of_a_shop
from data.analytics import FIGURES, StepFigures, step_figures
from data.flows import FlowVersion, history
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.merchants import Merchant
from dialogs.format import Flow
from dialogs.library import FlowLibrary

_WAY = ("entered", "asked", "answered", "dropped")
USUAL = timedelta(days=29)  # with today: thirty days
# Events are kept for 180 days (security design); longer ranges show no more.
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days where the shop is, the last one included."""

    first: date
    last: date
    timezone: str

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), ZoneInfo(self.timezone))

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), ZoneInfo(self.timezone))


@dataclass(slots=True)
class FlowSteps:
    """One flow. `titles`: what people are told it is called, in the newest version there is."""

    flow: str
    titles: dict[Locale, str] = field(default_factory=dict)
    steps: list[StepFigures] = field(default_factory=list)

    @property
    def is_pattern(self) -> bool:
        return self.flow.startswith("pattern_")

    @property
    def telling(self) -> list[str]:
        """The figures that a table of this flow shows: the way through it, and what happened."""
        happened = {name for step in self.steps for name, count in step.figures.items() if count}
        return [name for name in FIGURES if name in _WAY or name in happened]


def days_of(merchant: Merchant, *, first: date | None, last: date | None, now: datetime) -> Days:
    """The last thirty days, unless others are asked for."""
    if not all(is_of_a_shop(day) for day in (first, last) if day):
        raise Invalid("first")
    last = last or now.astimezone(ZoneInfo(merchant.timezone)).date()
    first = first or last - USUAL
    if not timedelta() <= last - first <= LONGEST:
        raise Invalid("first")
    return Days(first, last, merchant.timezone)


def read_steps(
    session: Session, library: FlowLibrary, *, merchant_id: str, days: Days, now: datetime
) -> list[FlowSteps]:
    """What people start comes first, then the patterns that everybody passes through."""
    found = step_figures(
        session, merchant_id=merchant_id, since=days.since, until=days.until, now=now
    )
    order = _newest_first(session, merchant_id, found)
    flows: dict[str, FlowSteps] = {}
    for each in found:
        flows.setdefault(each.flow, FlowSteps(each.flow)).steps.append(each)
    for flow in flows.values():
        _arrange(flow, _versions_of(session, library, merchant_id, flow, order), order)
    return sorted(flows.values(), key=lambda flow: (flow.is_pattern, flow.flow))


def _newest_first(
    session: Session, merchant_id: str, found: Sequence[StepFigures]
) -> dict[str, int]:
    """The place of each version: by when it was last made live."""
    moves = [move.to_sha for move in history(session, merchant_id=merchant_id)]
    known = dict.fromkeys((*moves, *(each.version for each in found)))
    return {sha: place for place, sha in enumerate(known)}


def _versions_of(
    session: Session,
    library: FlowLibrary,
    merchant_id: str,
    flow: FlowSteps,
    order: dict[str, int],
) -> list[Flow]:
    """The flow as the counted versions have it, the newest first."""
    shas = sorted({step.version for step in flow.steps}, key=order.__getitem__)
    kept = [sha for sha in shas if session.get(FlowVersion, (merchant_id, sha)) is not None]
    sets = (library.get(session, merchant_id=merchant_id, sha=sha) for sha in kept)
    return [each.flows[flow.flow] for each in sets if flow.flow in each.flows]


def _arrange(flow: FlowSteps, versions: Sequence[Flow], order: dict[str, int]) -> None:
    """As the newest version has its steps; one that is only in an older version comes where that
    has it, and one of a version that is gone at the end."""
    places: dict[str, int] = {}
    for version in versions:
        for place, step in enumerate(version.steps):
            places.setdefault(step, place)
    came = {step.step: place for place, step in reversed(list(enumerate(flow.steps)))}
    last = len(came) + max(places.values(), default=0)
    flow.titles = dict(versions[0].titles) if versions else {}
    flow.steps.sort(
        key=lambda step: (
            places.get(step.step, last + came[step.step]),
            step.step,
            order[step.version],
        )
    )

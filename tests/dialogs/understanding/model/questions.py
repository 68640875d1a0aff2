"""Questions to a language model in the flows that ship."""

from datetime import date
from functools import cache
from typing import Any

from data.kernel.locales import Locale
from dialogs.format import FlowSet, load_flow_set, shipped_sources
from dialogs.understanding import Asked, Context
from dialogs.understanding.model import Proposal, Question, Scope

TODAY = date(2026, 11, 22)


@cache
def shipped() -> FlowSet:
    return load_flow_set(shipped_sources())


def a_question(text: str, *, locale: Locale = Locale.EN, amid: str | None = None) -> Question:
    """`amid`: a flow that is open, at its first question."""
    flow_set = shipped()
    slot = flow_set.domain.slots["recipient"]
    context = Context(
        locale,
        TODAY,
        slots=flow_set.domain.slots,
        currency="CNY",
        active_flow=amid,
        asked=Asked(slot.name, slot.type) if amid else None,
    )
    return Question("mer_1", text, Scope(flow_set, context))


def a_proposal(*start: str, unsure: bool = False, **fill: str) -> Proposal:
    return Proposal(start, tuple(fill.items()), unsure, 0.9)


def content(**changes: Any) -> dict[str, Any]:
    """A sound answer as JSON, but for these."""
    sound = {"start": ["gift_finder"], "fill": [], "unsure": False, "confidence": 0.9}
    return {**sound, **changes}

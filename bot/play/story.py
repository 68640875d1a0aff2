"""A story file: Rasa's end-to-end words plus ours, each step with the line it stands on.

test_cases:
- test_case: a name that says what must hold
  locale: zh-Hans          what newcomers speak
  now: 2026-11-22T10:00+08:00
  in: roommates            where it happens; left out, in private
  steps:
  - {as: Lan, user: 拼团买这套茶具}     says
  - {as: Wei, press: 参团}              presses the newest button with this label
  - bot: 还差 2 人*                      is said next; `*` stands for anything
  - {utter: utter_receipt, in: private, as: Lan}
  - {cards: 3, price_below: 88, new_cards: true}   each cheaper than that, none seen before
  - {later: 25 hours}
  - {pays: Lan, outcome: declined}
  - {console: {ship: Lan}}             what the shop's people do; staff.py and office.py
  - shown: "*1 refused"                 a line of the console's page after it
  - then: {orders: 3, ledger: balanced}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

PRIVATE = "private"
# What a step does, and what it expects; the rest (`as`, `in`, `outcome`) says who, where and how.
DOES = ("user", "press", "later", "pays", "media", "console")
EXPECTS = (
    "bot", "utter", "bot_uttered", "bot_did_not_utter", "silent", "cards",
    "price_below", "new_cards", "slot_was_set",
    "slot_was_not_set", "flow_started", "flow_completed", "flow_cancelled", "action_executed",
    "shown", "then",
)  # fmt: skip
_ABOUT = ("as", "in", "outcome", "message_id")


class StoryError(Exception):
    """`place` is file:line; `problem` what is wrong with the story itself."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place} {problem}")


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is one word of DOES or EXPECTS, `value` what stands behind it."""

    kind: str
    value: Any
    who: str | None
    where: str | None
    place: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    steps: tuple[Step, ...]
    locale: str
    where: str
    start: datetime
    place: str
    folder: Path


def read_stories(path: Path) -> list[Story]:
    """Every case of a file; StoryError names the line of the first thing that is no story."""
    loaded = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    cases = (loaded or {}).get("test_cases")
    if not cases:
        raise StoryError(f"{path.name}:1", "test_cases")
    return [_story(case, path, loaded) for case in cases]


def _story(case: CommentedMap, path: Path, whole: CommentedMap) -> Story:
    place = _place(case, path)
    if "test_case" not in case or "steps" not in case:
        raise StoryError(place, "test_case, steps")
    shared = {**whole.get("defaults", {}), **case}
    return Story(
        name=str(case["test_case"]),
        steps=tuple(step for raw in case["steps"] for step in _steps(raw, path)),
        locale=str(shared.get("locale", "zh-Hans")),
        where=str(shared.get("in", PRIVATE)),
        start=datetime.fromisoformat(str(shared.get("now", "2026-11-22T10:00:00+08:00"))),
        place=place,
        folder=path.parent,
    )


def _steps(raw: CommentedMap, path: Path) -> Iterator[Step]:
    """One line may do one thing and expect several."""
    place = _place(raw, path)
    known = {*DOES, *EXPECTS, *_ABOUT}
    unknown = set(raw) - known
    if unknown or not set(raw) & {*DOES, *EXPECTS}:
        raise StoryError(place, ", ".join(sorted(unknown)) or "?")
    about = {name: raw[name] for name in _ABOUT if name in raw}
    for kind in (*DOES, *EXPECTS):
        if kind in raw:
            yield Step(kind, raw[kind], raw.get("as"), raw.get("in"), place, about)


def _place(raw: CommentedMap, path: Path) -> str:
    return f"{path.name}:{raw.lc.line + 1}"

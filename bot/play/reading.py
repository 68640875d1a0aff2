"""A story file into stories: Rasa's end-to-end words plus ours, all mistakes at once.

fixtures:                             slots that a case may begin with
- regular: [{recipient: mother}]
metadata:                             what a messenger tells beside the words
- in_taipei: {timezone: Asia/Taipei, locale: zh-Hant}
stub_custom_actions:                  answers of a merchant's own actions
  action_check_size: {events: [{event: slot, name: size, value: M}], responses: [{text: …}]}
test_cases:
- test_case: a name that says what must hold
  locale: zh-Hans          what newcomers speak
  now: 2026-11-22T10:00+08:00
  in: roommates            where it happens; left out, in private
  fixtures: [regular]
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
  - then: {orders: 3, ledger: balanced, group_buy: {paid: 1, state: open}}
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path as File
from typing import Any

from bot.play.plain import Plain
from bot.play.sections import Sections
from bot.play.story import PRIVATE, Step, Story, StoryError
from bot.play.words import ASSERTIONS, BESIDE, DOES, EXPECTS, Path, name, title
from bot.yaml_files import text_of

_TOP = ("test_cases", "defaults", "fixtures", "metadata", "stub_custom_actions")
_DEFAULTS = ("locale", "in", "now")
_CASE = ("test_case", "steps", "fixtures", "metadata", *_DEFAULTS)
_OPENING = "2026-11-22T10:00:00+08:00"
_YEARS = range(2000, 2100)


def read_stories(path: File, *, called: str = "") -> list[Story]:
    """Every case of a file; StoryError names the line of whatever is no story. `called`: what the
    file is named where it is told of."""
    return stories_in(called or path.name, text_of(path), folder=path.parent)


def stories_in(file: str, written: str, *, folder: File | None = None) -> list[Story]:
    """The same for a text that stands in no folder of ours."""
    plain = Plain(file, written)
    stories = [] if plain.problems else list(_Reading(plain, folder).stories())
    if plain.problems:
        raise StoryError(plain.problems)
    return stories


class _Reading:
    def __init__(self, plain: Plain, folder: File | None) -> None:
        self._plain, self._folder = plain, folder
        self._top = plain.mapping(plain.data, (), _TOP)
        self._sections = Sections(plain, self._top)

    def stories(self) -> Iterator[Story]:
        if not self._top.get("test_cases"):
            self._plain.wrong("missing", (), name="test_cases")
            return
        cases = self._plain.listed(self._top["test_cases"], ("test_cases",))
        defaults = self._plain.mapping(self._top.get("defaults", {}), ("defaults",), _DEFAULTS)
        names: set[str] = set()
        for index, raw in enumerate(cases):
            path: Path = ("test_cases", index)
            case = self._plain.mapping(raw, path, _CASE)
            missing = [word for word in ("test_case", "steps") if not case.get(word)]
            for word in missing:
                self._plain.wrong("missing", path, name=word)
            if not missing and self._plain.passes(title, case["test_case"], (*path, "test_case")):
                names.add(str(case["test_case"]))
                yield self._story(case, path, {**defaults, **case})
        self._sections.know(names)

    def _story(self, case: Mapping[str, Any], path: Path, shared: Mapping[str, Any]) -> Story:
        called = str(case["test_case"])
        steps = self._plain.listed(case["steps"], (*path, "steps"))
        return Story(
            name=called,
            steps=tuple(
                step
                for index, raw in enumerate(steps)
                for step in self._steps(raw, (*path, "steps", index))
            ),
            locale=str(shared.get("locale", "zh-Hans")),
            where=str(shared.get("in", PRIVATE)),
            start=self._start(str(shared.get("now", _OPENING)), path),
            at=self._plain.at(path),
            folder=self._folder,
            fixtures=self._sections.fixtures(case.get("fixtures"), (*path, "fixtures")),
            metadata=self._sections.metadata(case.get("metadata"), (*path, "metadata")),
            stubs=self._sections.stubs(called),
        )

    def _start(self, said: str, path: Path) -> datetime:
        """With an offset: a shop's clock knows no time without one."""
        try:
            start = datetime.fromisoformat(said)
        except ValueError:
            start = None
        if start is not None and start.tzinfo is not None and start.year in _YEARS:
            return start
        self._plain.wrong("moment", path, said=said)
        return datetime.fromisoformat(_OPENING)

    def _steps(self, raw: Any, path: Path) -> Iterator[Step]:
        """One line may do one thing and expect several."""
        line = self._plain.mapping(raw, path, (*DOES, *EXPECTS, *BESIDE))
        words = [word for word in (*DOES, *EXPECTS) if word in line]
        if not words and isinstance(raw, Mapping) and not raw.keys() - BESIDE.keys():
            self._plain.wrong("nothing", path)
        for second in [word for word in words if word in DOES][1:]:
            self._plain.wrong("two_deeds", (*path, second), key=True, name=second)
        about = self._beside(line, words, path)
        for word in words:
            check = {**DOES, **EXPECTS}[word]
            if self._plain.passes(check, line[word], (*path, word)):
                yield self._step(word, line[word], line, path, about)
        yield from self._assertions(line, path, about)

    def _step(
        self, word: str, value: Any, line: Mapping[str, Any], path: Path, about: Mapping[str, Any]
    ) -> Step:
        who, where = line.get("as"), line.get("in")
        return Step(
            word,
            value,
            None if who is None else str(who),
            None if where is None else str(where),
            self._plain.at(path),
            about,
        )

    def _beside(self, line: Mapping[str, Any], words: list[str], path: Path) -> dict[str, Any]:
        """Who, where and how; what would be ignored beside this word is refused."""
        about: dict[str, Any] = {}
        for word, (check, beside) in BESIDE.items():
            if word not in line:
                continue
            if beside is not None and not set(words) & set(beside):
                known = ", ".join(beside)
                self._plain.wrong("beside", (*path, word), key=True, name=word, known=known)
            elif self._plain.passes(check, line[word], (*path, word)):
                about[word] = line[word]
        if "metadata" in about:
            about["metadata"] = self._sections.metadata(about["metadata"], (*path, "metadata"))
        return about

    def _assertions(
        self, line: Mapping[str, Any], path: Path, about: Mapping[str, Any]
    ) -> Iterator[Step]:
        """Rasa's list below a `user` step; each entry is one assertion."""
        for index, raw in enumerate(about.get("assertions", ())):
            at = (*path, "assertions", index)
            for word, value in self._plain.mapping(raw, at, ASSERTIONS).items():
                if word not in ASSERTIONS:
                    continue
                if self._plain.passes(EXPECTS[word], value, (*at, word)):
                    slots = word in ("slot_was_set", "slot_was_not_set")
                    said = [*self._named_slots(value, (*at, word))] if slots else value
                    yield self._step(word, said, line, at, about)

    def _named_slots(self, value: Any, path: Path) -> Iterator[Any]:
        """`{name: slot, value: …}`, as assertions have it, in the words of a step."""
        for index, one in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(one, Mapping):
                yield one
                continue
            self._plain.mapping(one, (*path, index), ("name", "value"))
            if "name" not in one and one.keys() - {"value"}:
                continue  # told already: another word stands where `name` should
            if self._plain.passes(name, one.get("name"), (*path, index)):
                yield {str(one["name"]): one["value"]} if "value" in one else str(one["name"])

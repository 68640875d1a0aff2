"""What is no story is refused at its line, by name, with what would mend it; nothing is ignored."""

import re

import pytest

from bot.play.reading import stories_in
from bot.play.story import StoryError
from bot.play.words import BESIDE, DOES, EXPECTS, METADATA, REFUSED, like
from bot.web.wording import catalogue, files_of
from data.kernel.locales import Locale
from tests.house.source import ROOT

CASE = "test_cases:\n- test_case: a case\n  steps:\n"
STEP = CASE + "  - {as: Lan, user: hello}\n"
# The file, the line of the mistake, its code, and what the hint must name.
MISTAKES = {
    "a word that is none": (STEP + "  - {botte: hi}\n", 5, "unknown_key", "bot"),
    "a key of bot_uttered": (
        STEP + "  - bot_uttered: {utter_nam: utter_x}\n", 5, "unknown_key", "utter_name",
    ),
    "a judging model": (
        STEP + "  - user: x\n    assertions:\n    - generative_response_is_relevant: {}\n",
        7, "judging", "bot_uttered",
    ),
    "the order of assertions": (
        CASE + "  - user: x\n    assertion_order_enabled: true\n", 5, "order", "bot:",
    ),
    "a key of flow_completed": (
        STEP + "  - flow_completed: {flow_id: f, step: s}\n", 5, "unknown_key", "flow_step_id",
    ),
    "no flow": (STEP + "  - flow_completed: {flow_step_id: s}\n", 5, "missing", ""),
    "no fact": (STEP + "  - then: {order_s: 1}\n", 5, "unknown_key", "orders"),
    "no nested fact": (STEP + "  - then: {group_buy: {payed: 1}}\n", 5, "unknown_key", "paid"),
    "no time": (CASE + "  - later: soon\n", 4, "later", "25 hours"),
    "time turned back": (CASE + "  - later: -1 hours\n", 4, "later", "25 hours"),
    "an outcome": (CASE + "  - {pays: Lan, outcome: maybe}\n", 4, "one_of", "declined"),
    "an outcome of nothing": (CASE + "  - {user: x, outcome: declined}\n", 4, "beside", "pays"),
    "nothing to do": (CASE + "  - {as: Lan}\n", 4, "nothing", ""),
    "two deeds": (CASE + "  - {user: x, press: y}\n", 4, "two_deeds", ""),
    "no fixture": (
        CASE.replace("  steps", "  fixtures: [tall]\n  steps") + "  - user: x\n",
        3, "no_such_name", "top of this file",
    ),
    "fixtures twice": (
        "fixtures:\n- a: [x: 1]\n- a: [x: 2]\n" + STEP, 3, "twice", "another name",
    ),
    "metadata nobody reads": (
        "metadata:\n- phone: {os: linux}\n" + STEP, 2, "unknown_key", "timezone",
    ),
    "a stub that does more than fill slots": (
        "stub_custom_actions:\n  action_x:\n    events: [{event: followup, name: y}]\n" + STEP,
        3, "stub_event", "slot",
    ),
    "a stub for no case": (
        'stub_custom_actions:\n  "b::action_x": {events: []}\n' + STEP, 2, "no_such_case", "::",
    ),
    "a backtracking pattern": (
        STEP + "  - bot_uttered: {text_matches: (?=x)}\n", 5, "pattern", "RE2",
    ),
    "a moment nowhere": (
        CASE.replace("  steps", "  now: 2026-11-22T10:00\n  steps") + "  - user: x\n",
        2, "moment", "+08:00",
    ),
    "no list": (CASE.replace("\n  steps:\n", "\n  steps: hello\n"), 3, "kind", "a list"),
    "a number that is none": (STEP + "  - cards: many\n", 5, "kind", "a number"),
    "no cases": ("defaults: {locale: en}\n", 1, "missing", ""),
    "a key of the file": ("test_case: x\n" + STEP, 1, "unknown_key", "test_cases"),
    "no YAML": ("test_cases: [\n", 1, "yaml_", ""),
    "an anchor": ("test_cases: &a []\n", 1, "yaml_anchor", ""),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_at_its_line_with_what_would_mend_it(mistake: str) -> None:
    text, line, code, hint = MISTAKES[mistake]
    with pytest.raises(StoryError) as refused:
        stories_in("tea.yml", text)
    problem = refused.value.problems[0]
    assert (problem.at.file, problem.at.line) == ("tea.yml", line), str(refused.value)
    assert problem.code.startswith(code)
    assert hint in problem.hint(Locale.EN)
    for locale in Locale:
        assert not re.search(
            r"\{(name|known|said|most|section|wanted|count)\}|story\.", problem.render(locale)
        )


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(StoryError) as refused:
        stories_in("tea.yml", STEP + "  - {botte: hi}\n  - {later: soon}\n")
    assert [problem.at.line for problem in refused.value.problems] == [5, 6]


def test_assertions_are_steps_that_stand_on_their_own_lines() -> None:
    text = CASE + "  - user: x\n    assertions:\n    - flow_started: f\n    - slot_was_set:\n"
    text += "      - {name: a, value: 1}\n      - {name: b}\n"
    (story,) = stories_in("tea.yml", text)
    said, started, slots = story.steps
    assert (said.kind, started.kind, slots.kind) == ("user", "flow_started", "slot_was_set")
    assert (started.place, slots.value) == ("tea.yml:6", [{"a": 1}, "b"])


def test_a_stub_for_one_case_comes_before_one_for_all() -> None:
    stubs = "stub_custom_actions:\n  action_x: {responses: [{text: all}]}\n"
    stubs += '  "a case::action_x": {responses: [{text: mine}]}\n'
    second = STEP.partition("\n")[2].replace("a case", "another")
    said = [story.stubs[0].responses[0]["text"] for story in stories_in("t", stubs + STEP + second)]
    assert said == ["mine", "all"]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*c", "abc", True), ("a*c", "ac", True), ("a*ca", "aca", True), ("aa*aa", "aaa", False),
        ("*b*", "abc", True), ("a", "ab", False), ("*", "", True), ("a.c", "abc", False),
        ("*a" * 30, "a" * 5000 + "b", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_anything_and_costs_nothing(pattern: str, text: str, fits: bool) -> None:
    assert like(pattern, text) is fits


def test_every_word_and_every_mistake_is_in_the_page_or_the_language_files() -> None:
    page = (ROOT / "docs" / "conversation-tests.md").read_text(encoding="utf-8")
    assert [word for word in (*DOES, *EXPECTS) if f"`{word}`" not in page] == []
    source = "".join(file.read_text() for file in (ROOT / "bot" / "play").glob("*.py"))
    for locale in Locale:
        (file,) = (file for file in files_of(locale) if file.name == "stories.po")
        written = {str(text.id): str(text.string) for text in catalogue(file, locale) if text.id}
        assert all(text.strip() for text in written.values())
        codes = {name.split(".")[1] for name in written if name.count(".") == 2}
        wanted = {f"story.{code}.{part}" for code in codes for part in ("message", "hint")}
        assert wanted <= {*written}
        assert [code for code in codes if f'"{code}"' not in source] == []


def test_the_stories_of_the_page_and_of_its_example_are_read() -> None:
    page = (ROOT / "docs" / "conversation-tests.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [len(stories_in("page.yml", block)) for block in blocks] == [1]
    assert [word for word in (*BESIDE, *METADATA, *REFUSED) if f"`{word}" not in page] == []


@pytest.mark.parametrize("slots", ["- nam: budget\n        value: 3", "- budget: 3", "- value: 3"])
def test_a_slip_in_an_asserted_slot_is_told_once(slots: str) -> None:
    steps = f"  - user: x\n    assertions:\n    - slot_was_set:\n      {slots}\n"
    with pytest.raises(StoryError) as broken:
        stories_in("a.yml", "test_cases:\n- test_case: c\n  steps:\n" + steps)
    (problem,) = broken.value.problems
    assert (problem.at.line, problem.at.column) == (7, 9)

"""A version's stories before it is published: acted in a process of their own, within limits."""

import json
import sys
from pathlib import Path

import pytest

from bot import trials
from bot.flow_checks import check_flows, load_flows
from bot.play.failures import Cut, Failure
from bot.play.limits import MOST_STEPS, MOST_STORIES, MOST_TEXT
from bot.play.trial import outcomes
from bot.trials import act
from data.kernel.locales import Locale
from dialogs.format import FlowProblems
from tests.bot.flow_files import FLOWS
from tests.bot.flow_stories import FAILURE, GREEN_FILE, RED, RED_FILE
from tests.bot.play.shop import own_kit

CASE = "- test_case: c\n  steps:\n"


@pytest.fixture(scope="module")
def document() -> str:
    return own_kit().document or ""


def test_stories_are_no_part_of_the_flows_they_stand_among() -> None:
    assert load_flows({**FLOWS, **GREEN_FILE}).sha == load_flows(FLOWS).sha
    assert check_flows({**FLOWS, **GREEN_FILE}) == []


def test_a_mistake_in_a_story_is_told_with_those_of_the_flows() -> None:
    with pytest.raises(FlowProblems) as refused:
        load_flows({**FLOWS, "tests/gift.yml": RED.replace("press:", "pres:", 1)})
    (problem,) = refused.value.problems
    assert (problem.at.file, problem.at.line, problem.code) == ("tests/gift.yml", 6, "unknown_key")


@pytest.mark.parametrize(
    ("stories", "code"),
    [
        (CASE + "  - later: 300 days\n  - later: 300 days\n", "too_far"),
        (CASE + "  - user: x\n" * (MOST_STEPS + 1), "too_many_steps"),
        ((CASE + "  - user: x\n") * (MOST_STORIES + 1), "too_many"),
        (CASE + "  - console: {import: /etc/passwd}\n", "console_verb"),
        (CASE + "  - console: {publish: draft}\n", "console_verb"),
        (CASE + "  - console: {ship: Lan, publish: draft}\n", "console_verb"),
        (CASE + f"  - bot_uttered: {{text_matches: '{'(a*)*' * 80}'}}\n", "pattern"),
        (CASE + "  - user: &a x\n", "yaml_anchor"),
        (CASE + "  - user: x\n" + "#" * MOST_TEXT, "too_much_text"),
    ],
)
def test_strangers_stories_are_bounded_before_any_is_acted(stories: str, code: str) -> None:
    problems = check_flows({**FLOWS, "tests/many.yml": "test_cases:\n" + stories})
    assert [problem.code for problem in problems] == [code]
    assert "{" not in problems[0].message(Locale.ZH_HANT) + problems[0].hint(Locale.ZH_HANT)


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("a.yml", "fixtures:\n- tall: [x: 1]\ntest_cases:\n- test_case: c\n  fixtures: [[tall]]\n"),
        ("a.yml", "test_cases:\n" + CASE + "  - {user: x, metadata: [{}]}\n"),
        (
            "a.yml",
            "stub_custom_actions:\n  action_x: {responses: [{text: t, buttons: 5}]}\ntest_cases:\n",
        ),
        ("a.yml", "test_cases:\n" + CASE + '  - bot_uttered: {text_matches: "\\ud800"}\n'),
        ("a.heard.yml", "heard:\n- {text: a, commands: 5}\n"),
        ("a.heard.yml", "heard:\n- {text: a, commands: [{command: [SetSlot]}]}\n"),
    ],
)
def test_a_value_of_the_wrong_shape_anywhere_is_a_mistake_and_no_breakdown(
    file: str, written: str
) -> None:
    assert check_flows({**FLOWS, file: written})


def test_each_story_comes_out_with_its_failure_or_none(document: str) -> None:
    said = dict(outcomes(document, RED_FILE))
    assert said["a gift is taken note of"] is None
    failure = said["the price is told"]
    assert failure is not None
    assert (failure.place, failure.expected) == ("tests/gift.yml:10", "bot: * EUR")
    assert "Lan: Noted. [utter_noted]" in failure.got


def test_what_a_strangers_story_breaks_fails_that_story_alone(document: str) -> None:
    """Here a slot that another flow set has."""
    odd = "fixtures:\n- tall: [age: 18]\ntest_cases:\n- test_case: odd\n  fixtures: tall\n"
    stories = {"tests/a.yml": odd + "  steps:\n  - user: x\n", **GREEN_FILE}
    said = dict(outcomes(document, stories))
    odd_one = said["odd"]
    assert odd_one is not None
    assert (odd_one.place, odd_one.expected) == ("tests/a.yml:2", "no_slot")
    assert said["a gift is taken note of"] is None


def test_a_recording_among_the_files_is_what_the_story_goes_by(document: str) -> None:
    said = dict(outcomes(document, {**GREEN_FILE, "tests/gift.heard.yml": "heard: []\n"}))
    failure = said["a gift is taken note of"]
    assert failure is not None
    assert failure.expected.startswith("heard: I need a gift")


def test_the_process_knows_nothing_of_ours_and_ends_in_time(
    document: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One process that tells what it was given and then never ends."""
    spy = tmp_path / "spy"
    told = f"import json, os, time; json.dump(dict(os.environ), open({str(spy)!r}, 'w'))"
    instead(monkeypatch, tmp_path, f'exec {sys.executable} -c "{told}; time.sleep(60)"')
    monkeypatch.setenv("TUANZI_FIELD_KEYS", "a secret")
    monkeypatch.setattr(trials, "SECONDS", 3)
    (result,) = act(document, GREEN_FILE, shop="mer_1")
    assert (result["failure"]["expected"], result["failure"]["cut"]) == ("3 s", Cut.LATE)
    assert not [name for name in json.loads(spy.read_text()) if name.startswith("TUANZI")]


def instead(monkeypatch: pytest.MonkeyPatch, folder: Path, command: str) -> None:
    """This is run as the process."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{command}\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


GREEDY = """
import logging
from bot.play import trial

def play(story, **_):
    try:
        bytearray(3 << 30)
    except MemoryError:
        if "gift" not in story.name:
            raise
        logging.getLogger("turns").exception("turn of m1")

trial.play = play
trial.main()
"""


def test_a_story_that_wants_too_much_memory_is_told_as_such(
    document: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel refuses it, and a turn that did not get it has even apologised."""
    (tmp_path / "greedy.py").write_text(GREEDY)
    instead(monkeypatch, tmp_path, f"exec {sys.executable} {tmp_path}/greedy.py")
    results = act(document, RED_FILE, shop="mer_1")
    failures = [Failure.from_json(result["failure"]) for result in results]
    assert [failure.place for failure in failures] == ["tests/gift.yml:3", "tests/gift.yml:7"]
    assert {(failure.expected, failure.cut) for failure in failures} == {("2 GiB", Cut.MEMORY)}
    assert "2 GiB" in failures[0].render(Locale.ZH_HANS)


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        ("kill -XCPU $$", Cut.LATE),
        ("exit 12", Cut.MEMORY),
        ("kill -ABRT $$", Cut.MEMORY),
        ("kill -KILL $$", Cut.BROKEN),
        ("exit 1", Cut.BROKEN),
    ],
)
def test_how_the_process_ended_tells_why_a_story_was_not_reached(
    document: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str, cut: Cut
) -> None:
    instead(monkeypatch, tmp_path, f"ulimit -c 0; {end}")
    (result,) = act(document, GREEN_FILE, shop="mer_1")
    failure = Failure.from_json(result["failure"])
    assert failure.cut is cut
    assert len({failure.render(locale) for locale in Locale}) == 3


def test_a_failure_that_was_kept_before_there_were_cuts_is_still_read() -> None:
    assert Failure.from_json(FAILURE).cut is None

"""A story's console steps fail where they should, and say what the page showed instead."""

from pathlib import Path

import pytest

from bot.play.actor import StoryFailed, play
from bot.play.reading import read_stories
from dialogs.format import shipped_sources

HEAD = "test_cases:\n- test_case: at the console\n  steps:\n"


def _play(folder: Path, *steps: str) -> None:
    path = folder / "tried.yml"
    path.write_text(HEAD + "".join(f"  - {step}\n" for step in steps), "utf-8")
    for story in read_stories(path):
        play(story)


def test_a_page_that_shows_something_else_fails_with_its_line_and_what_it_showed(
    tmp_path: Path,
) -> None:
    with pytest.raises(StoryFailed) as failure:
        _play(
            tmp_path,
            "console: {open: flows/gift_finder.yml}",
            "{console: {replace: 'collect: budget', with: 'collect: bugdet'}, shown: '*bugdet'}",
            "{console: {save: draft}, shown: '*kept*'}",
        )
    told = str(failure.value)
    assert told.startswith("tried.yml:6 expected shown: *kept*")
    text = shipped_sources()["flows/gift_finder.yml"]
    number = text[: text.index("collect: budget")].count("\n") + 1
    assert f"flows/gift_finder.yml:{number}:" in told
    assert "bugdet" in told


def test_words_that_do_not_stand_in_the_open_file_are_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(StoryFailed, match="expected shown"):
        _play(
            tmp_path,
            "console: {open: flows/gift_finder.yml}",
            "{console: {replace: 'no such words', with: 'x'}, shown: '*x*'}",
        )


def test_a_verb_nobody_knows_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(StoryFailed, match=r"take_over, .*publish, roll_back, look_at"):
        _play(tmp_path, "console: {dance: Ann}")


def test_what_the_page_showed_before_is_gone_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(StoryFailed, match=r"tried\.yml:6"):
        _play(
            tmp_path,
            "{console: {open: flows/gift_finder.yml}, shown: 'flows/gift_finder.yml*'}",
            "console: {look_at: orders}",
            "shown: 'flows/gift_finder.yml*'",
        )

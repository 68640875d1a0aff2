"""`tuanzi flows check` and `schema`: files alone, no shop."""

import json
from pathlib import Path

import pytest

from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE
from dialogs.format import schema
from tests.bot.cli.terminal import Terminal
from tests.bot.flow_files import BROKEN as BROKEN_FLOW
from tests.bot.flow_files import DOMAIN, FLOWS
from tests.dialogs.format.test_calm import FLOWS as ALL_OURS


@pytest.fixture
def folder(bare_terminal: Terminal) -> Path:
    for name, text in FLOWS.items():
        file = bare_terminal.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return bare_terminal.folder / "flows"


def test_the_schema_is_printed_as_it_is_published(bare_terminal: Terminal) -> None:
    answer = bare_terminal.run("flows", "schema")
    assert (answer.code, answer.err) == (EXIT_SOUND, "")
    assert json.loads(answer.out) == schema()
    assert not bare_terminal.file.exists()


def test_sound_files_are_passed_in_silence(bare_terminal: Terminal, folder: Path) -> None:
    answer = bare_terminal.run("flows", "check", str(folder))
    assert (answer.code, answer.out) == (EXIT_SOUND, "")


def test_a_mistake_is_told_with_its_place_and_the_exit_code(
    bare_terminal: Terminal, folder: Path
) -> None:
    (folder / "gift.yml").write_text(BROKEN_FLOW, encoding="utf-8")
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN
    assert f"{folder}/gift.yml:13:" in answer.out
    assert "error[unknown_slot]" in answer.out


@pytest.mark.parametrize(
    ("language", "words", "count"),
    [
        ("en", "text in several languages at once; CALM wants one text.", "4 places"),
        ("zh_CN", "text 同时写了几种语言；CALM 只要一段文字。", "共有 4 处"),
        ("zh_TW", "text 同時寫了好幾種語言；CALM 只要一段文字。", "共有 4 處"),
    ],
)
def test_what_calm_does_not_know_is_listed_in_the_language_of_the_terminal(
    bare_terminal: Terminal, folder: Path, language: str, words: str, count: str
) -> None:
    bare_terminal.monkeypatch.setenv("LC_ALL", language)
    answer = bare_terminal.run("flows", "check", "--calm", str(folder / "domain.yml"))
    assert answer.code == EXIT_SOUND
    line = DOMAIN[: DOMAIN.index("- text:")].count("\n") + 1
    assert answer.out.splitlines()[0] == f"{folder}/domain.yml:{line}:7: {words}"
    assert len(answer.out.splitlines()) == 4
    assert count in answer.err


def test_every_kind_has_words(bare_terminal: Terminal) -> None:
    """An id without words would be printed as it is."""
    ours = bare_terminal.folder / "ours.yml"
    ours.write_text(ALL_OURS, encoding="utf-8")
    for files in ([], [str(ours)]):
        answer = bare_terminal.run("flows", "check", "--calm", *files)
        assert answer.code == EXIT_SOUND
        assert "cli." not in answer.out
        assert "/human is a command" in answer.out


def test_a_file_that_cannot_be_read_is_a_mistake_here_too(
    bare_terminal: Terminal, folder: Path
) -> None:
    (folder / "gift.yml").write_text("flows: [", encoding="utf-8")
    answer = bare_terminal.run("flows", "check", "--calm", str(folder))
    assert answer.code == BROKEN
    assert "error[yaml_" in answer.out


@pytest.mark.parametrize("call", ["publish --calm", "schema flows", "rollback flows"])
def test_a_verb_takes_nothing_that_it_would_ignore(bare_terminal: Terminal, call: str) -> None:
    with pytest.raises(SystemExit) as left:
        bare_terminal.run("flows", *call.split())
    assert left.value.code == EXIT_USAGE


def test_files_may_stand_before_and_after_an_option(terminal: Terminal, folder: Path) -> None:
    for call in (["--shop", "x", str(folder)], [str(folder), "--shop", "x"]):
        assert "open-shop" in terminal.run("flows", "publish", *call).err

"""A command that cannot do its work says why in a sentence, not in a traceback."""

import pytest

from bot.terminal import BROKEN, EXIT_USAGE
from data.kernel.encryption import FieldCipher
from tests.bot.cli.terminal import Terminal
from tests.crash.shop import free_port


@pytest.mark.parametrize(
    "command", ["audit", "import-catalogue pyproject.toml", "flows publish", "flows export"]
)
def test_an_empty_database_must_be_migrated_first(bare_terminal: Terminal, command: str) -> None:
    answer = bare_terminal.run(*command.split())
    assert (answer.code, answer.out) == (EXIT_USAGE, "")
    assert "tuanzi migrate" in answer.err


@pytest.mark.parametrize("command", ["import-catalogue", "flows publish", "flows check"])
def test_a_file_that_is_not_there_is_named(terminal: Terminal, command: str) -> None:
    answer = terminal.run(*command.split(), str(terminal.folder / "nothing.tsv"))
    assert (answer.code, answer.out) == (BROKEN, "")
    assert "nothing.tsv" in answer.err


def test_a_database_out_of_reach_is_told_without_its_password_t47(bare_terminal: Terminal) -> None:
    address = f"postgresql+psycopg://shop:hunter2@127.0.0.1:{free_port()}/shop"
    bare_terminal.set(database_url=address)
    answer = bare_terminal.run("audit")
    assert (answer.code, answer.out) == (BROKEN, "")
    assert "TUANZI_DATABASE_URL" in answer.err
    assert "hunter2" not in answer.err


def test_an_audit_of_a_sound_shop_is_silent_for_programs_and_not_for_people(
    terminal: Terminal,
) -> None:
    answer = terminal.run("audit")
    assert (answer.code, answer.out) == (0, "")
    assert "0 broken" in answer.err


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_a_number_of_processes_that_is_none_is_named(terminal: Terminal, number: str) -> None:
    terminal.set(processes=number, field_keys=FieldCipher.new_key())
    answer = terminal.run("serve")
    assert (answer.code, answer.out) == (EXIT_USAGE, "")
    assert "TUANZI_PROCESSES" in answer.err


def test_a_clock_that_is_turned_and_several_processes_do_not_go_together(
    terminal: Terminal,
) -> None:
    terminal.set(demo="1", now="2027-09-01T10:00:00+08:00", field_keys=FieldCipher.new_key())
    answer = terminal.run("serve", "--processes", "2")
    assert answer.code == EXIT_USAGE
    assert "TUANZI_PROCESSES" in answer.err


@pytest.mark.parametrize(
    ("language", "word"), [("en", "processes"), ("zh_CN", "进程"), ("zh_TW", "行程")]
)
def test_help_speaks_the_language_of_the_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    with pytest.raises(SystemExit):
        terminal.run("serve", "--help")
    assert word in terminal.capsys.readouterr().out

"""A command that cannot do its work says why in a sentence, not in a traceback."""

import pytest

from bot.terminal import BROKEN, EXIT_USAGE
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

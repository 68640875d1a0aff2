"""`tuanzi bench`: measured from a checkout, and said plainly where there is none."""

from pathlib import Path

import pytest

from bot import commands
from tests.bot.cli.terminal import Terminal
from tests.house.source import ROOT


def test_the_runner_is_where_the_command_looks_for_it() -> None:
    assert commands.ROOT == ROOT
    assert (ROOT / "dev").is_file()


def test_in_a_checkout_the_runner_gets_every_word_and_its_exit_code_is_ours(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that only notes what it is told: the real one may first fetch what it needs."""
    (tmp_path / "tests" / "bench").mkdir(parents=True)
    runner = tmp_path / "dev"
    runner.write_text('#!/bin/sh\necho "$PWD" "$@" >told\nexit 3\n')
    runner.chmod(0o700)
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    assert terminal.run("bench", "turns", "--json", "--quick").code == 3
    assert (tmp_path / "told").read_text() == f"{tmp_path} bench turns --json --quick\n"


def test_installed_without_its_source_it_says_how(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    answer = terminal.run("bench", "turns")
    assert answer.code == 2
    assert "./dev bench" in answer.err

"""A terminal before a migrated database; the shared team of the pages."""

import shutil
from pathlib import Path

import pytest

from bot import opening_command
from data.kernel.database import Database
from data.migrations import migrate
from tests.bot.builders import QUICK
from tests.bot.cli.terminal import Terminal
from tests.bot.pages.conftest import platform, shared

__all__ = ["platform", "shared"]  # what tests ask for by name


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; each test has a copy of the file."""
    file = tmp_path_factory.mktemp("cli") / "shop.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@pytest.fixture
def bare_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """Nothing is there yet, not even the folder. An owner's password costs what it must only where
    a process of its own opens the shop."""
    monkeypatch.setattr(opening_command, "Passwords", lambda: QUICK)
    terminal = Terminal(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("LC_ALL", "en")
    terminal.set(database_url=f"sqlite:///{terminal.file}")
    return terminal


@pytest.fixture
def terminal(bare_terminal: Terminal, _migrated: Path) -> Terminal:
    bare_terminal.file.parent.mkdir()
    shutil.copyfile(_migrated, bare_terminal.file)
    return bare_terminal

"""A person or a program at a terminal, before a database file of their own."""

import io
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from tests.house.source import ROOT

PASSWORD = "ein ganz langes Passwort"
GIFTSHOP = ["团子礼物铺", "--id", "giftshop", "--currency", "CNY", "--locale", "zh-Hans"]
GIFTSHOP += ["--timezone", "Asia/Shanghai", "--owner", "Owner@Example.com"]


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: str
    err: str


@dataclass(slots=True)
class Terminal:
    """`tuanzi …` with this folder's database; what is typed comes on standard input."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "var" / "shop.db"

    def set(self, **variables: str) -> None:
        named = {f"TUANZI_{name.upper()}": value for name, value in variables.items()}
        self.environment |= named
        for name, value in named.items():
            self.monkeypatch.setenv(name, value)

    def run(self, *arguments: str, typed: str = "") -> Answer:
        """The real command, in this process."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(list(arguments))
        shown = self.capsys.readouterr()
        return Answer(code, shown.out, shown.err)

    def open_shop(self, *more: str, typed: str = PASSWORD + "\n") -> Answer:
        return self.run("open-shop", *GIFTSHOP, *more, typed=typed)

    def call(self) -> tuple[list[str], dict[str, Any]]:
        """For a process of its own."""
        where = {"cwd": ROOT, "env": {**os.environ, **self.environment}}
        return [sys.executable, "-c", "from bot.cli import main; raise SystemExit(main())"], where

    def process(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command, where = self.call()
        return subprocess.run(
            [*command, *arguments],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            **where,
        )

    def type_at_a_terminal(self, *arguments: str, lines: list[str]) -> str:
        """A person at a real (pseudo) terminal; gives everything their screen showed."""
        command, where = self.call()
        person, screen = pty.openpty()
        with subprocess.Popen(
            [*command, *arguments],
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            **where,
        ) as process:
            os.close(screen)
            seen = b""
            for line in lines:
                seen += _until_asked(person)
                os.write(person, line.encode() + b"\n")
            seen += _rest(person)
            process.wait(30)
        os.close(person)
        return seen.decode()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as database:
            return database.execute(sql).fetchall()

    def bytes_on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.file.parent.iterdir())


def _until_asked(terminal: int) -> bytes:
    """A prompt ends in a colon and a space, and no line break."""
    seen = b""
    while not seen.endswith(b": "):
        seen += os.read(terminal, 1024)
    return seen


def _rest(terminal: int) -> bytes:
    seen = b""
    while True:
        try:
            more = os.read(terminal, 1024)
        except OSError:  # Linux says so when the other side has gone
            return seen
        if not more:
            return seen
        seen += more

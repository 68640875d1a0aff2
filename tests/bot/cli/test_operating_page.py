"""The pages for operators name only what is there."""

import re

from bot.cli import _parser
from tests.bot.cli.page import OPERATING, tuanzi_commands
from tests.house.source import ROOT

_ROW = re.compile(r"^\| (`TUANZI_.*?) \| (.*?) \|", re.MULTILINE)
_READ = re.compile(r'get\("([A-Z_]+)"')


def test_every_command_of_the_pages_is_one() -> None:
    """argparse exits where it does not know a verb or an option."""
    commands = list(tuanzi_commands())
    assert {"migrate", "open-shop", "serve", "audit"} <= {words[0] for words in commands}
    for words in commands:
        assert callable(_parser().parse_args(words).run)


def test_every_variable_that_is_read_stands_in_the_table() -> None:
    told = {
        name.strip("`").removeprefix("TUANZI_")
        for names, _ in _ROW.findall(OPERATING.read_text(encoding="utf-8"))
        for name in names.split(", ")
    }
    read = set(_READ.findall((ROOT / "bot" / "settings.py").read_text(encoding="utf-8")))
    assert told == read

"""`tuanzi connect-web`: a site opened and changed from a terminal, in three languages."""

import re

import pytest

from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE
from data.kernel.encryption import FieldCipher
from tests.bot.cli.terminal import Terminal

ORIGIN = ("--origin", "https://www.tea.example")


@pytest.mark.parametrize(
    ("language", "word"), [("en", "tag"), ("zh_CN", "网站"), ("zh_TW", "網站")]
)
def test_a_site_is_opened_and_its_tag_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    terminal.set(field_keys=FieldCipher.new_key(), public_url="https://shop.example")
    terminal.open_shop()
    monkeypatch.setenv("LC_ALL", language)
    done = terminal.run("connect-web", *ORIGIN, "--colour", "#2b6b4c", "--side", "left")
    assert done.code == EXIT_SOUND
    assert word in done.out
    found = re.search(r'<script src="https://shop.example/widget.js" data-shop="(\w+)"', done.out)
    assert found is not None
    again = terminal.run("connect-web", *ORIGIN, "--account", found[1], "--new-key")
    assert found[1] in again.out


def test_what_makes_no_sense_changes_nothing(terminal: Terminal) -> None:
    terminal.open_shop()
    assert terminal.run("connect-web", *ORIGIN).code == EXIT_USAGE
    terminal.set(field_keys=FieldCipher.new_key())
    wrong = terminal.run("connect-web", "--origin", "http://www.tea.example")
    assert (wrong.code, "origins" in wrong.err) == (EXIT_USAGE, True)
    unknown = terminal.run("connect-web", *ORIGIN, "--account", "acc_nobody")
    assert (unknown.code, "acc_nobody" in unknown.err) == (BROKEN, True)

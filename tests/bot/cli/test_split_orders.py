"""`tuanzi split-orders apply`: the terms of what a group orders together, from a file."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.split_files import SplitEntry
from bot.terminal import BROKEN, EXIT_SOUND
from bot.web.wording import say
from data.kernel.database import Database
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.price_models import PriceMove
from data.split_orders import SplitTerms, split_terms_of
from tests.bot.cli.terminal import Terminal
from tests.bot.flow_files import FLOWS, written
from tests.builders import a_merchant

FILE = """\
split_orders:
  minimum: "100.00"
  fee: "12.50"
  free_from: "300"
"""
CHANGED = "The terms of ordering together are changed\n"
AS_BEFORE = "The terms of ordering together are as before\n"


@pytest.fixture(autouse=True)
def _opened(terminal: Terminal) -> None:
    database = Database(f"sqlite:///{terminal.file}")
    with database.transaction() as session:
        a_merchant(session, currency="CNY")
    database.close()


def _kept(terminal: Terminal) -> tuple[SplitTerms | None, list[str]]:
    """What holds in the shop, and who changed it, one for each time."""
    database = Database(f"sqlite:///{terminal.file}")
    with database.reading() as session:
        merchant = session.scalars(select(Merchant)).one()
        kept = split_terms_of(merchant), list(session.scalars(select(PriceMove.by)))
    database.close()
    return kept


def _apply(terminal: Terminal, text: str) -> tuple[int, str]:
    answer = terminal.run("split-orders", "apply", str(_written(terminal, text)))
    return answer.code, answer.out


def _written(terminal: Terminal, text: str) -> Path:
    terminal.folder.mkdir(exist_ok=True)
    file = terminal.folder / "split_orders.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_applied_once_and_then_changes_nothing(terminal: Terminal) -> None:
    assert _apply(terminal, FILE) == (EXIT_SOUND, CHANGED)
    terms = SplitTerms(Money(10000, "CNY"), Money(1250, "CNY"), Money(30000, "CNY"))
    assert _kept(terminal) == (terms, ["cli"])
    assert _apply(terminal, FILE) == (EXIT_SOUND, AS_BEFORE)
    assert _kept(terminal) == (terms, ["cli"])
    assert _apply(terminal, FILE.replace('  free_from: "300"\n', "")) == (EXIT_SOUND, CHANGED)
    assert _kept(terminal) == (SplitTerms(Money(10000, "CNY"), Money(1250, "CNY")), ["cli"] * 2)


def test_it_is_taken_away_and_its_amounts_may_stay_in_the_file(terminal: Terminal) -> None:
    _apply(terminal, FILE)
    assert _apply(terminal, FILE + "  offered: false\n") == (EXIT_SOUND, CHANGED)
    assert _kept(terminal) == (None, ["cli"] * 2)
    assert _apply(terminal, "split_orders:\n  offered: false\n") == (EXIT_SOUND, AS_BEFORE)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "`fee` cannot be so.\n    An amount in the shop's currency"),
        ("zh_CN", "`fee` 不能这样写。\n    本店货币的金额"),
        ("zh_TW", "`fee` 不能這樣寫。\n    本店貨幣的金額"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_is_kept(
    terminal: Terminal, language: str, words: str
) -> None:
    terminal.monkeypatch.setenv("LC_ALL", language)
    code, out = _apply(terminal, FILE.replace("12.50", "12.505"))
    assert code == BROKEN
    assert f"split_orders.yml:3:8: error[value] {words}" in out
    assert _kept(terminal) == (None, [])


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("split_orders: 3\n", "1:1", "no_terms"),
        ("split_orders:\n", "1:1", "no_terms"),
        ("- minimum: 3\n", "1:1", "no_terms"),
        ("split_orders: {minimum: 1, fee: 2}\nother: 3\n", "1:1", "no_terms"),
        ("split_orders:\n  minimum: 1\n", "1:1", "missing"),
        ("split_orders:\n  minimum: 1\n  fee:\n", "1:1", "missing"),
        ("split_orders:\n  minimum: 1\n  fee: 2\n  tip: 3\n", "4:3", "unknown_key"),
        ("split_orders:\n  minimum: -1\n  fee: 2\n", "2:12", "value"),
        ("split_orders:\n  minimum: 1\n  fee: much\n", "3:8", "value"),
        ("split_orders:\n  minimum: 1\n  fee: .nan\n", "3:8", "value"),
        ("split_orders:\n  minimum: 1\n  fee: 2\n  free_from: 0\n", "4:14", "value"),
        ("split_orders:\n  minimum: 1\n  fee: 2\n  offered: perhaps\n", "4:12", "value"),
        ("split_orders:\n  offered: false\n  fee: 0.001\n", "3:8", "value"),
        ("split_orders: [\n", "1:15", "yaml"),
    ],
)
def test_whatever_the_file_holds_is_answered_with_a_place(
    terminal: Terminal, text: str, place: str, code: str
) -> None:
    answered, out = _apply(terminal, text)
    assert answered == BROKEN
    assert f"split_orders.yml:{place}: error[{code}" in out
    assert _kept(terminal) == (None, [])


def test_every_mistake_is_told_at_once(terminal: Terminal) -> None:
    text = "split_orders:\n  minimum: much\n  fee: more\n  tip: 1\n"
    assert _apply(terminal, text)[1].count("error[") == 3


def test_terms_beside_flows_are_checked_with_them(terminal: Terminal) -> None:
    folder = written(terminal.folder / "mine", {**FLOWS, "split_orders.yml": FILE})
    sound = terminal.run("flows", "check", str(folder))
    assert (sound.code, sound.out) == (EXIT_SOUND, "")
    (folder / "split_orders.yml").write_text(FILE.replace("12.50", "much"), encoding="utf-8")
    wrong = terminal.run("flows", "check", str(folder))
    assert wrong.code == BROKEN
    assert f"{folder}/split_orders.yml:3:8: error[value]" in wrong.out
    alone = terminal.run("flows", "check", str(folder / "split_orders.yml"))
    assert "error[only_terms]" in alone.out


@pytest.mark.parametrize("locale", list(Locale))
def test_every_word_of_the_file_has_its_reason_in_each_language(locale: Locale) -> None:
    wrong = {f"split_file.wrong.{name}" for name in SplitEntry.model_fields}
    codes = ("no_terms", "unknown_key", "missing", "only_terms")
    told = {f"split_file.{code}.{part}" for code in codes for part in ("message", "hint")}
    assert [one for one in sorted(wrong | told) if say(one, locale) == one] == []

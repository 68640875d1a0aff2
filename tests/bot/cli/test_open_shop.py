"""`tuanzi open-shop`: all of a shop or nothing of it, and secrets that are seen once."""

import json
import re

import pytest

from bot.opening import NewShop, open_shop
from bot.web.passwords import Passwords
from data.flows import live_version
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.kernel.locales import Locale
from data.kernel.tokens import fingerprint
from tests.bot.cli.terminal import GIFTSHOP, PASSWORD, Terminal
from tests.builders import NOW

EVERYTHING = ("merchants", "staff", "channel_accounts", "api_tokens", "flow_versions")


def rows(terminal: Terminal) -> dict[str, int]:
    return {name: terminal.ask(f"SELECT count(*) FROM {name}")[0][0] for name in EVERYTHING}  # noqa: S608


def test_a_new_shop_has_an_owner_flows_a_rest_door_and_two_tokens(terminal: Terminal) -> None:
    opened = terminal.open_shop(
        "--name-in", "en=Tuanzi Gifts", "--shipping-fee", "12", "--json", "--owner-name", "Lan"
    )
    assert opened.code == 0, opened.err
    told = json.loads(opened.out)
    assert rows(terminal) == dict.fromkeys(EVERYTHING, 1) | {"api_tokens": 2}
    ((name, settings, currency),) = terminal.ask("SELECT name, settings, currency FROM merchants")
    assert json.loads(name) == {
        "zh-Hans": "团子礼物铺",
        "zh-Hant": "团子礼物铺",
        "en": "Tuanzi Gifts",
    }
    assert (json.loads(settings), currency) == ({"shipping_minor": 1200}, "CNY")
    ((email, owner, role, hashed),) = terminal.ask(
        "SELECT email, name, role, password_hash FROM staff"
    )
    assert (email, owner, role) == ("owner@example.com", "Lan", "owner")
    assert Passwords().verify(hashed, PASSWORD)
    scopes = dict(terminal.ask("SELECT token_hash, scope FROM api_tokens"))
    assert scopes == {
        fingerprint(told["api_token"]): "merchant",
        fingerprint(told["channel_token"]): "channel",
    }
    assert terminal.run("audit").code == 0


def test_tokens_are_shown_once_and_no_secret_is_written_down(terminal: Terminal) -> None:
    """T49: whoever takes the file has neither the tokens nor the password."""
    shown = terminal.open_shop().out
    tokens = re.findall(r"^  ([\w-]{22})$", shown, re.MULTILINE)
    assert len(set(tokens)) == 2
    assert shown.count(tokens[0]) == shown.count(tokens[1]) == 1
    assert PASSWORD not in shown
    on_disk = terminal.bytes_on_disk()
    assert b"giftshop" in on_disk
    assert not [secret for secret in (*tokens, PASSWORD) if secret.encode() in on_disk]


def test_the_same_id_twice_is_refused_and_the_first_shop_stays_as_it_is(terminal: Terminal) -> None:
    terminal.open_shop()
    before = rows(terminal)
    other_owner = [*GIFTSHOP[:-1], "other@example.com"]
    again = terminal.run("open-shop", *other_owner, typed=PASSWORD)
    assert (again.code, again.out) == (1, "")
    assert again.err == "There is a shop giftshop already; it was left as it is.\n"
    assert rows(terminal) == before


def test_an_owner_who_signs_in_elsewhere_is_refused(terminal: Terminal) -> None:
    terminal.open_shop()
    again = terminal.open_shop("--id", "second")
    assert again.code == 1
    assert "owner@example.com" in again.err
    assert terminal.ask("SELECT id FROM merchants") == [("giftshop",)]


@pytest.mark.parametrize("password", ["", "short", "password1234", "x" * 129])
def test_a_weak_password_leaves_nothing_behind(terminal: Terminal, password: str) -> None:
    """It is refused last, when shop and flows are in the transaction already."""
    refused = terminal.open_shop(typed=f"{password}\n")
    assert (refused.code, refused.out) == (1, "")
    assert "12 to 128" in refused.err
    assert not password or password not in refused.err
    assert rows(terminal) == dict.fromkeys(EVERYTHING, 0)


def test_every_wrong_option_is_named_at_once(terminal: Terminal) -> None:
    wrong = terminal.open_shop(
        *("--id", "Gift:Shop"),
        *("--currency", "DEM"),  # no money since 2002
        *("--locale", "fr"),
        *("--timezone", "Mars/Olympus"),
        *("--owner", "owner.example.com"),
        *("--name-in", "fr=Boutique"),
    )
    assert wrong.code == 2
    named = [line.split()[0] for line in wrong.err.splitlines()]
    assert named[:5] == ["--currency", "--id", "团子礼物铺:", "--locale", "--timezone"]
    assert named[5:] == ["--owner"]
    assert rows(terminal) == dict.fromkeys(EVERYTHING, 0)


@pytest.mark.parametrize("amount", ["-1", "1.234", "free", "NaN"])
def test_a_shipping_fee_is_an_amount_of_the_shops_money(terminal: Terminal, amount: str) -> None:
    refused = terminal.open_shop(f"--shipping-fee={amount}")
    assert refused.code == 2
    assert "CNY" in refused.err


@pytest.mark.parametrize(("language", "word"), [("zh_CN", "货币"), ("zh_TW", "貨幣")])
def test_it_complains_in_the_language_of_the_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    assert word in terminal.open_shop("--currency", "XXX").err


def test_a_database_that_is_not_there_yet_is_asked_for(bare_terminal: Terminal) -> None:
    refused = bare_terminal.open_shop()
    assert (refused.code, refused.out) == (2, "")
    assert "tuanzi migrate" in refused.err


def test_migrate_makes_the_folder_and_lets_nobody_else_look(bare_terminal: Terminal) -> None:
    assert bare_terminal.run("migrate").code == 0
    assert bare_terminal.file.parent.stat().st_mode & 0o777 == 0o700
    assert bare_terminal.open_shop().code == 0


def test_at_a_terminal_the_password_is_asked_twice_and_never_shown(terminal: Terminal) -> None:
    """T47: neither on the screen nor on the command line; kept at the cost of today."""
    screen = terminal.type_at_a_terminal("open-shop", *GIFTSHOP, lines=[PASSWORD, PASSWORD])
    assert "The owner's password: " in screen
    assert "The shop giftshop is open." in screen
    assert PASSWORD not in screen
    ((hashed,),) = terminal.ask("SELECT password_hash FROM staff")
    assert Passwords().verify(hashed, PASSWORD)
    assert not Passwords().is_outdated(hashed)


def test_a_slip_of_the_finger_opens_nothing(terminal: Terminal) -> None:
    screen = terminal.type_at_a_terminal("open-shop", *GIFTSHOP, lines=[PASSWORD, PASSWORD + "x"])
    assert "not the same" in screen
    assert rows(terminal) == dict.fromkeys(EVERYTHING, 0)


def test_of_several_shops_one_must_be_named(terminal: Terminal) -> None:
    assert "open-shop" in terminal.run("flows", "rollback").err
    terminal.open_shop()
    terminal.open_shop("--id", "second", "--owner", "two@example.com")
    feed = "data/seeds/giftshop.tsv"
    unnamed = terminal.run("import-catalogue", feed)
    assert unnamed.code == 1
    assert "giftshop, second" in unnamed.err
    assert terminal.run("import-catalogue", feed, "--shop", "second", "--dry-run").code == 0


def test_an_id_is_taken_once_on_either_database(each_database: Database) -> None:
    shop = NewShop("giftshop", {"en": "Gifts"}, "CNY", Locale.EN, "Asia/Shanghai")
    with each_database.transaction() as session:
        open_shop(session, shop=shop, by="test", now=NOW)
    with pytest.raises(Refused, match="merchant"), each_database.transaction() as session:
        open_shop(session, shop=shop, by="test", now=NOW)
    with each_database.reading() as session:
        assert live_version(session, merchant_id="giftshop").sources

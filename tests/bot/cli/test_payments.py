"""`tuanzi payments`: a shop's account at a provider, from a terminal, before Stripe's stand-in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE
from data.kernel.clock import SystemClock
from data.kernel.encryption import FieldCipher
from integrations.payments import KINDS
from tests.bot.cli.terminal import Terminal
from tests.integrations.payments.stripe_bench import ACCOUNT
from tests.peers.money.stripe_face import KEY, SECRET, Face, running_stripe

TYPED = f"{KEY}\n{SECRET}\n"


@pytest.fixture
def face() -> Iterator[Face]:
    with running_stripe(SystemClock()) as face:
        face.books.account = ACCOUNT
        yield face


@pytest.fixture
def shop(terminal: Terminal, face: Face) -> Terminal:
    terminal.set(
        egress_allowed="127.0.0.0/8",
        field_keys=FieldCipher.new_key(),
        payment_addresses=f"stripe={face.url}",
        public_url="https://shop.example",
    )
    terminal.open_shop()
    return terminal


def connect(shop: Terminal, *given: str, typed: str = TYPED) -> tuple[int, str, str]:
    answer = shop.run("payments", "connect", "stripe", *given, typed=typed)
    return answer.code, answer.out, answer.err


def test_an_account_is_connected_listed_checked_and_left(shop: Terminal) -> None:
    assert shop.run("payments", "check", "stripe").code == BROKEN
    code, out, err = connect(shop, f"account={ACCOUNT}")
    assert (code, err) == (EXIT_SOUND, "")
    (address,) = [line.strip() for line in out.splitlines() if "https://shop.example" in line]
    assert address.startswith("https://shop.example/webhooks/payments/pac_")
    assert address in shop.run("payments", "list").out
    assert shop.run("payments", "check", "stripe").code == EXIT_SOUND
    assert shop.run("payments", "disconnect", "stripe").code == EXIT_SOUND
    assert shop.run("payments", "disconnect", "stripe").code == BROKEN
    assert ACCOUNT in shop.run("payments", "list").out


def test_the_endpoint_is_made_there_and_renewed(shop: Terminal, face: Face) -> None:
    _, out, _ = connect(shop, f"account={ACCOUNT}")
    assert "Nothing has to be entered" in out
    (first,) = face.books.endpoints
    assert first["url"] in out
    assert shop.run("payments", "renew", "stripe").code == EXIT_SOUND
    (second,) = face.books.endpoints
    assert (second["url"], second["id"] == first["id"]) == (first["url"], False)
    assert shop.run("payments", "check", "stripe").code == EXIT_SOUND


def test_where_the_key_may_not_make_it_a_person_enters_the_address(
    shop: Terminal, face: Face, tmp_path: Path
) -> None:
    face.barred = ("/v1/webhook_endpoints", "/v1/account")
    file = tmp_path / "secret"
    file.write_text(SECRET, encoding="utf-8")
    for given in ([], [f"webhook_secret=@{file}"]):
        code, out, _ = connect(shop, f"account={ACCOUNT}", *given)
        assert (code, "enter it there" in out) == (EXIT_SOUND, True)
    renewed = shop.run("payments", "renew", "stripe")
    assert (renewed.code, "cli." in renewed.err) == (BROKEN, False)


def test_a_restricted_key_that_can_do_all_that_is_needed_is_sound(
    shop: Terminal, face: Face
) -> None:
    face.barred = ("/v1/account",)
    connect(shop, f"account={ACCOUNT}")
    looked = shop.run("payments", "check", "stripe")
    assert (looked.code, looked.err) == (EXIT_SOUND, "")
    assert "may not ask whose account" in looked.out


def test_no_secret_is_shown_or_lies_open_t47(shop: Terminal) -> None:
    shown = "".join(map(str, connect(shop, f"account={ACCOUNT}")))
    shown += str(shop.run("payments", "list")) + str(shop.run("payments", "check", "stripe"))
    assert KEY not in shown
    assert "whsec_" not in shown
    with closing(sqlite3.connect(shop.file)) as database:
        dump = "\n".join(database.iterdump())
    assert KEY not in dump
    assert "whsec_" not in dump


def test_a_secret_on_the_command_line_is_refused_and_one_from_a_file_is_taken(
    shop: Terminal, tmp_path: Path
) -> None:
    code, _, err = connect(shop, f"account={ACCOUNT}", f"api_key={KEY}")
    assert (code, KEY in err) == (EXIT_USAGE, False)
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    code, _, err = connect(shop, f"account={ACCOUNT}", f"api_key=@{file}", typed="")
    assert (code, err) == (EXIT_SOUND, "")


@pytest.mark.parametrize(
    ("given", "typed", "code"),
    [
        ([f"account={ACCOUNT}"], "sk_test_other\nwhsec_x\n", BROKEN),  # Stripe does not know it
        ([f"account={ACCOUNT}"], "a password\nwhsec_x\n", EXIT_USAGE),
        (["account=acct_another"], TYPED, BROKEN),  # the key is somebody else's
        ([], TYPED, EXIT_USAGE),
        (["colour=red"], TYPED, EXIT_USAGE),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    shop: Terminal, given: list[str], typed: str, code: int
) -> None:
    answered, _, err = connect(shop, *given, typed=typed)
    assert (answered, bool(err)) == (code, True)
    assert "cli." not in err
    assert "pac_" not in shop.run("payments", "list").out


def test_who_cannot_be_reached_is_not_connected(shop: Terminal) -> None:
    shop.set(payment_addresses="stripe=http://127.0.0.1:1")
    code, _, err = connect(shop, f"account={ACCOUNT}")
    assert (code, "cannot be reached" in err) == (BROKEN, True)


@pytest.mark.parametrize("verb", ["connect", "check", "renew", "disconnect"])
def test_a_provider_that_there_is_not_is_told_with_those_that_there_are(
    shop: Terminal, verb: str
) -> None:
    answer = shop.run("payments", verb, "cowrie")
    assert answer.code == BROKEN
    assert all(name in answer.err for name in KINDS)


def test_without_a_key_for_secrets_nothing_secret_is_taken(
    terminal: Terminal,
) -> None:
    terminal.open_shop()
    answer = terminal.run("payments", "connect", "stripe", f"account={ACCOUNT}", typed=TYPED)
    assert (answer.code, "TUANZI_FIELD_KEYS" in answer.err) == (EXIT_USAGE, True)

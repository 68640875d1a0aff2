"""`tuanzi actions`: the shop's own action server, from a terminal."""

from collections.abc import Iterator

import pytest

from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE
from data.kernel.encryption import FieldCipher
from tests.bot.cli.terminal import Terminal
from tests.hostile import HostileServer, as_json, hostile_server


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


def test_a_server_is_connected_checked_and_disconnected(
    terminal: Terminal, server: HostileServer
) -> None:
    terminal.set(egress_allowed="127.0.0.0/8", field_keys=FieldCipher.new_key())
    terminal.open_shop()
    assert terminal.run("actions", "check").code == BROKEN
    url = server.url + "/webhook"
    done = terminal.run("actions", "connect", url, "--names", "action_fold, action_cut")
    assert done.code == EXIT_SOUND
    assert url in done.out
    server.answers["/actions"] = as_json(200, [{"name": "action_fold"}])
    lacking = terminal.run("actions", "check")
    assert (lacking.code, "action_cut" in lacking.err) == (BROKEN, True)
    server.answers["/actions"] = as_json(
        200, [{"name": "action_fold"}, {"name": "action_cut"}, {"name": "action_more"}]
    )
    assert terminal.run("actions", "check").code == EXIT_SOUND
    server.answers["/actions"] = as_json(503, [])
    assert "unreachable" in terminal.run("actions", "check").err
    assert terminal.run("actions", "disconnect").code == EXIT_SOUND
    assert terminal.run("actions", "disconnect").code == BROKEN


def test_a_secret_that_no_key_opens_any_more_is_told(terminal: Terminal) -> None:
    terminal.set(egress_allowed="127.0.0.0/8", field_keys=FieldCipher.new_key())
    terminal.open_shop()
    url = "http://127.0.0.1:1/webhook"
    assert terminal.run("actions", "connect", url, "--names", "action_fold").code == EXIT_SOUND
    terminal.set(egress_allowed="127.0.0.0/8", field_keys=FieldCipher.new_key())
    looked = terminal.run("actions", "check")
    assert (looked.code, "secret" in looked.err) == (BROKEN, True)


def test_what_cannot_be_connected_is_told_in_words(terminal: Terminal) -> None:
    terminal.set(field_keys=FieldCipher.new_key())
    terminal.open_shop()
    for given in (
        ["http://127.0.0.1:5055/webhook", "--names", "action_fold"],
        ["https://actions.example/webhook", "--names", "action_begin_checkout"],
        ["https://actions.example/webhook", "--names", ","],
    ):
        answer = terminal.run("actions", "connect", *given)
        assert (answer.code, answer.out) == (EXIT_USAGE, "")
        assert answer.err

"""Who guesses at secret links is turned away, and a home's network of addresses is one caller."""

import pytest
from fastapi import Request

from bot.web.guesses import Guesses
from data.kernel.errors import TooOften
from tests.builders import NOW


def a_request(host: str) -> Request:
    return Request({"type": "http", "client": (host, 1), "headers": []})


def test_t08_who_guessed_wrong_too_often_sees_nothing_from_their_next_address_either() -> None:
    guesses = Guesses(1000)
    for number in range(20):
        guesses.look(a_request(f"2001:db8::{number:x}"), now=NOW)
        guesses.missed(a_request(f"2001:db8::{number:x}"), now=NOW)
    with pytest.raises(TooOften):
        guesses.look(a_request("2001:db8::ffff"), now=NOW)
    guesses.look(a_request("2001:db8:0:1::1"), now=NOW)  # the neighbours


def test_a_page_is_looked_at_so_often_a_minute() -> None:
    guesses = Guesses(2)
    for _ in range(2):
        guesses.look(a_request("192.0.2.1"), now=NOW)
    with pytest.raises(TooOften):
        guesses.look(a_request("192.0.2.1"), now=NOW)
    guesses.look(a_request("192.0.2.2"), now=NOW)

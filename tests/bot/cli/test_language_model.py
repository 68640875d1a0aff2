"""An operator's language model at the terminal: what is half set is named, a shop is switched."""

import json
from typing import Any

import pytest

from bot.settings import ModelAccess, Secret, SettingsError, read
from tests.bot.cli.terminal import Terminal

HTTPS = "https://api.model.example/v1"


def _shown(terminal: Terminal, *arguments: str) -> dict[str, Any]:
    answer = terminal.run("language-model", *arguments)
    assert (answer.code, answer.err) == (0, "")
    shown: dict[str, Any] = json.loads(answer.out)
    return shown


def test_a_shop_is_off_until_somebody_switches_it_on(terminal: Terminal) -> None:
    terminal.open_shop()
    shown = _shown(terminal)
    assert (shown["on"], shown["model"], shown["tokens"]) == (False, None, 0)
    terminal.set(model_url=HTTPS, model_name="small-1")
    shown = _shown(terminal, "on", "--shop", "giftshop")
    assert (shown["on"], shown["receiver"]) == (True, "api.model.example")
    assert (shown["model"], shown["tokens_a_day"]) == ("small-1", 200_000)
    assert _shown(terminal, "off")["on"] is False


def _read(**variables: str) -> ModelAccess | None:
    named = {f"TUANZI_MODEL_{name.upper()}": value for name, value in variables.items()}
    return read({"TUANZI_DEMO": "1", **named}).model


def test_without_a_word_about_it_nobody_is_asked() -> None:
    assert _read() is None


def test_all_of_it_is_read_and_the_key_shows_nowhere() -> None:
    model = _read(url=HTTPS + "/", name="m", key="sk-CANARY", receiver="Model AG", tokens="5000")
    assert model is not None
    assert (model.url, model.receiver, model.tokens) == (HTTPS, "Model AG", 5000)
    assert isinstance(model.key, Secret)
    assert "CANARY" not in repr(model)


def test_a_model_on_this_machine_needs_no_https() -> None:
    model = _read(url="http://127.0.0.1:8080/v1", name="m")
    assert model is not None
    assert model.receiver == "127.0.0.1"


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        ({"url": "http://api.model.example/v1", "name": "m"}, "URL"),
        ({"url": HTTPS}, "NAME"),
        ({"name": "m"}, "URL"),
        ({"key": "sk"}, "URL"),
        ({"url": HTTPS, "name": "m", "receiver": 'a "model"'}, "RECEIVER"),
        ({"url": HTTPS, "name": "m", "receiver": "x" * 41}, "RECEIVER"),
        ({"url": f"https://{'x' * 41}.example", "name": "m"}, "RECEIVER"),
        ({"url": HTTPS, "name": "m", "tokens": "0"}, "TOKENS"),
    ],
)
def test_what_is_half_said_or_open_to_listeners_is_named(
    variables: dict[str, str], wrong: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _read(**variables)
    assert f"TUANZI_MODEL_{wrong}" in refused.value.problems

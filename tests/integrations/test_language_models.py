"""A language model's service as it may behave: well, badly, slowly, rudely. Over real HTTP."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations.language_models import ChatCompletions, Unanswered
from tests.language_model import NOTHING, Answer, ScriptedModel, a_model, saying

KEY = "sk-CANARY-key"
WORDS = "CANARY words of a person"
MESSAGES = [{"role": "user", "content": WORDS}]
SCHEMA = {"type": "object"}


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with a_model() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _client(model: ScriptedModel, *, deadline: float = 5.0) -> tuple[ChatCompletions, Clock]:
    clock = Clock()
    return ChatCompletions(model.url, "small-1", KEY, deadline=deadline, clock=clock), clock


def test_it_asks_for_strict_json_and_brings_the_object_and_its_cost_back(
    model: ScriptedModel,
) -> None:
    client, _ = _client(model)
    completed = client.complete(MESSAGES, SCHEMA)
    assert (completed.content, completed.tokens) == (NOTHING, 321)
    (asked,) = model.asked
    assert (asked["path"], asked["model"], asked["messages"]) == (
        "/v1/chat/completions",
        "small-1",
        MESSAGES,
    )
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"


BAD = {
    "no json inside": saying("I would love to help! Visit https://evil.example"),
    "a list inside": saying([1, 2]),
    "html": Answer(b"<html><script>alert(1)</script>"),
    "no choices": Answer(b'{"choices": []}'),
    "deeper than anybody reads": Answer(b"[" * 60_000),
    "nan for a cost": saying(NOTHING, tokens=float("nan")),
    "a debt": saying(NOTHING, tokens=-5),
    "an error": Answer(b"{}", status=500),
    "a redirect": Answer(b"", status=302, headers={"location": "http://127.0.0.1:1/"}),
    "a wrong key": Answer(b'{"error": "CANARY"}', status=401),
    "without end": Answer(b" " * 70_000),
    "packed": Answer(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    "cut off": Answer(b'{"choices": [{"mess', cut=True),
}  # fmt: skip


@pytest.mark.parametrize("how", BAD)
def test_t31_a_bad_answer_is_none_and_leaves_nothing_in_the_log(
    how: str, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = _client(model)
    model.answer = BAD[how]
    with caplog.at_level(logging.DEBUG), pytest.raises(Unanswered) as reason:
        client.complete(MESSAGES, SCHEMA)
    assert "CANARY" not in caplog.text + str(reason.value) + repr(reason.value)
    assert "evil.example" not in caplog.text


def test_a_slow_answer_is_not_waited_for(model: ScriptedModel) -> None:
    client, _ = _client(model, deadline=0.2)
    model.answer = replace(saying(NOTHING), waits=True)
    begun = time.perf_counter()
    with pytest.raises(Unanswered):
        client.complete(MESSAGES, SCHEMA)
    assert time.perf_counter() - begun < 2


def test_nobody_there_is_no_answer(model: ScriptedModel) -> None:
    client = ChatCompletions("http://127.0.0.1:1/v1", "small-1")
    with pytest.raises(Unanswered):
        client.complete(MESSAGES, SCHEMA)


@pytest.mark.parametrize(
    ("told", "pause"), [("7", 7), ("99999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 60), ("", 60)]
)
def test_a_pause_that_it_asks_for_is_given(model: ScriptedModel, told: str, pause: int) -> None:
    client, clock = _client(model)
    model.answer = Answer(b"{}", status=429, headers={"retry-after": told} if told else {})
    with pytest.raises(Unanswered):
        client.complete(MESSAGES, SCHEMA)
    clock.now += pause - 1
    assert client.is_resting
    with pytest.raises(Unanswered, match="resting"):
        client.complete(MESSAGES, SCHEMA)
    assert len(model.asked) == 1
    clock.now += 2
    model.answer = saying(NOTHING)
    assert client.complete(MESSAGES, SCHEMA).content == NOTHING


def test_what_fails_five_times_in_a_row_is_left_alone_for_a_minute(model: ScriptedModel) -> None:
    client, clock = _client(model)
    model.answer = Answer(b"{}", status=500)
    for _ in range(4):
        with pytest.raises(Unanswered):
            client.complete(MESSAGES, SCHEMA)
    model.answer = saying(NOTHING)
    client.complete(MESSAGES, SCHEMA)
    model.answer = Answer(b"{}", status=500)
    for _ in range(5):
        assert not client.is_resting, "an answer between begins the count anew"
        with pytest.raises(Unanswered):
            client.complete(MESSAGES, SCHEMA)
    assert client.is_resting
    clock.now += 61
    assert not client.is_resting


def test_its_cost_is_never_thought_too_small(model: ScriptedModel) -> None:
    """No tokeniser in use makes more than a token of two bytes of our JSON."""
    client, _ = _client(model)
    asked = json.dumps(MESSAGES).encode()
    assert client.cost(MESSAGES, SCHEMA) >= len(asked) // 2 + 400

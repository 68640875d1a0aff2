"""The demo as a process: it ends when asked, streams and all, and a stream goes on after a cut."""

import json
import signal
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests import calling
from tests.browser.demo_process import Demo, DemoProcess, demo_process

STREAM = "/demo/stream?chats=you,demo-group"


@pytest.fixture
def own() -> Iterator[DemoProcess]:
    with demo_process() as running:
        yield running


# A server asked by SIGTERM stands in tests/bot/serving too.
@pytest.mark.parametrize(
    "sign", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_asked_to_stop_it_ends_its_streams_and_itself(own: DemoProcess, sign: int) -> None:
    ended = threading.Event()
    listening = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", own.address + STREAM, trust_env=False, timeout=30) as answer:
            for _line in answer.iter_lines():
                listening.set()
        ended.set()

    reader = threading.Thread(target=listen)
    reader.start()
    assert listening.wait(10)
    own.process.send_signal(sign)
    assert own.process.wait(10) == 0 or own.process.returncode == -sign
    assert ended.wait(5)
    reader.join()


def test_a_stream_that_was_cut_goes_on_where_it_stopped(demo: Demo) -> None:
    say(demo, "one")
    seen = told(demo, {})
    assert "one" in seen
    say(demo, "two")
    after = told(demo, {"Last-Event-ID": seen[-1]})
    assert "one" not in after
    assert "two" in after


def test_a_listener_hears_by_the_bell_and_not_by_the_next_look(demo: Demo) -> None:
    returned: list[float] = []

    def speak() -> None:
        say(demo, "now")
        returned.append(time.monotonic())

    with httpx.stream("GET", demo.address + STREAM, trust_env=False, timeout=30) as answer:
        lines = answer.iter_lines()
        while "event: state" not in next(lines):
            continue
        speaker = threading.Thread(target=speak)
        speaker.start()
        while not next(lines).startswith("event: said"):
            continue
        heard = time.monotonic()
    speaker.join()
    assert heard - returned[0] < 5  # the next look without a bell would be after fifteen seconds


def say(demo: Demo, text: str) -> None:
    line = {"as": "you", "id": f"line-{text}", "text": text, "locale": "en"}
    calling.post(f"{demo.address}/demo/say", json=line, timeout=30).raise_for_status()


def told(demo: Demo, headers: dict[str, str]) -> list[str]:
    """The texts of the lines of one batch, then `state` and the cursor that closes it."""
    texts, kind = [], ""
    with httpx.stream(
        "GET", demo.address + STREAM, headers=headers, trust_env=False, timeout=30
    ) as answer:
        cursor = ""
        for line in answer.iter_lines():
            if line.startswith("id: "):
                cursor = line[4:]
            elif line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                if kind == "said":
                    texts.append(json.loads(line[6:])["text"])
                if kind == "state":
                    return [*texts, "state", cursor]
    return texts

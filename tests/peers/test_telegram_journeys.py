"""J1 and J2 through Telegram's stand-in, over real sockets, from the first word to the receipt."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from data.audit import audit
from tests.peers.telegram_world import Person, Street

ANN = Person(101, "Ann")


def verdict(journal: Path, *required: str, allowed: Sequence[str] = ()) -> dict[str, object]:
    """The emulator's own judgement of every call we made."""
    command = [str(Path(sys.executable).parent / "lo-bot-api-emulator"), "verdict", str(journal)]
    for method in required:
        command += ["--require-method", method]
    for refusal in allowed:
        command += ["--allow-refusal", refusal]
    told = subprocess.run([*command, "--require-response"], capture_output=True, check=False)
    judged: dict[str, object] = json.loads(told.stdout)
    return judged


def assert_sound(street: Street) -> None:
    with street.tuanzi.database.reading() as session:
        assert audit(session, now=street.tuanzi.clock.now()) == []


def test_a_gift_is_found_bought_and_paid_for_in_a_private_chat(street: Street) -> None:
    street.say(ANN, "/start")
    street.settle()
    street.say(ANN, "something for my brother, he climbs, under $50")
    street.wait_for("A few ideas for your brother", ANN)
    street.settle()
    cards = [bubble for bubble in street.bubbles(ANN) if bubble.method == "sendPhoto"]
    assert len(cards) >= 3
    street.say(ANN, "the second one")
    street.settle()
    street.say(ANN, "the first one")
    street.settle()
    street.say(ANN, "Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    street.wait_for("Shall I place the order", ANN)
    street.press(ANN, "Yes")
    street.wait_for("/pay/", ANN)
    street.pay(ANN)
    street.wait_for("(?i)paid|thank", ANN)
    street.settle()
    judged = verdict(street.journal, "answerCallbackQuery", "sendPhoto", "setWebhook")
    assert judged["ok"], judged
    assert_sound(street)

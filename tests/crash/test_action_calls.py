"""Who makes the calls of actions is killed at each seam; each conversation is answered once."""

import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from data.delivery.models import OutboxRow
from data.kernel.encryption import FieldCipher
from data.people import Chat
from data.schema import create_schema
from tests.bot.builders import a_stocked_shop
from tests.bot.delivery.folding import Folding, copy_of
from tests.builders import NOW
from tests.crash.calls import CALLS, open_shop
from tests.crash.nursery import Nursery
from tests.hostile import HostileServer, as_json, hostile_server

KEY = FieldCipher.new_key()
PEOPLE = ("ann", "bea", "cho")
FOLDED = {
    "events": [{"event": "slot", "name": "shape", "value": "crane"}],
    "responses": [{"response": "utter_folded"}],
}
LEASE_OVER = NOW + timedelta(seconds=16)
TOO_LATE = NOW + timedelta(seconds=40)
# They said how large while the action was under way.
ANSWERED = ["送给谁？", "gold的crane", "多大？", "很大的，好了。", "还有什么可以帮您的吗？"]

APOLOGISED = [
    "送给谁？",
    "抱歉，我这边出了点问题。您之前说的都还在。",
    "送给谁？",
    "gold的crane",
    "多大？",
]


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        server.answers["/webhook"] = as_json(200, FOLDED)
        yield server


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, server: HostileServer) -> Path:
    """Three people have asked, and wait for the same action."""
    file = tmp_path_factory.mktemp("calls") / "shop.db"
    with closing(open_shop(file, KEY, NOW)) as tuanzi:
        create_schema(tuanzi.database)
        folding = Folding(tuanzi, a_stocked_shop(tuanzi, called="ours"), server.url)
        folding.open()
        for who in PEOPLE:
            for text in ("我想找一个礼物", "妈妈", "很大"):
                folding.say(text, who=who)
    return file


class Crossroads:
    """The shop's file, and the processes that live and die over it."""

    def __init__(self, file: Path, nursery: Nursery, server: HostileServer) -> None:
        self.file, self._nursery, self._server = file, nursery, server
        self._called_before = len(server.seen)

    def life(self, moment: object, *, seam: str = "nowhere", nth: int = 1) -> int:
        """How it ended."""
        options = (CALLS, str(self.file), KEY, str(moment))
        self._nursery.let_live(seam, nth, options, {})
        return self._nursery.exit_code(60)

    def heard(self) -> dict[str, list[str]]:
        with (
            closing(open_shop(self.file, KEY, NOW)) as tuanzi,
            tuanzi.database.reading() as session,
        ):
            said = session.execute(
                select(Chat.external_id, OutboxRow.segments)
                .join(Chat, Chat.id == OutboxRow.chat_id)
                .where(Chat.external_id.in_(PEOPLE))
                .order_by(OutboxRow.id)
            ).all()
        return {
            who: [part["text"] for chat, parts in said if chat == who for part in parts]
            for who in PEOPLE
        }

    def keys(self) -> list[str]:
        """Of the requests, as the server saw them."""
        seen = self._server.seen[self._called_before :]
        return [headers["idempotency-key"] for _, _, headers, _ in seen]

    def states(self) -> list[str]:
        with closing(open_shop(self.file, KEY, NOW)) as tuanzi:
            return [call.state for call in Folding(tuanzi, None, "").calls()]  # type: ignore[arg-type]  # looks only


@pytest.fixture
def crossroads(asked: Path, nursery: Nursery, server: HostileServer, tmp_path: Path) -> Crossroads:
    return Crossroads(copy_of(asked.parent, tmp_path), nursery, server)


@pytest.mark.parametrize(
    ("seam", "nth", "calls"),
    [
        ("after_the_lease", 1, 3),  # nobody was called
        ("before_the_call", 2, 3),
        ("after_the_answer", 2, 4),  # one answer at least was heard and not taken
        ("in_the_turn", 2, 4),  # with the turn it belongs to half done
        ("after_taking_it", 2, 3),
    ],
)
def test_killed_at_any_seam_each_call_is_answered_once_and_none_is_lost(
    crossroads: Crossroads, seam: str, nth: int, calls: int
) -> None:
    assert crossroads.life(NOW, seam=seam, nth=nth) == -signal.SIGKILL
    assert crossroads.life(LEASE_OVER) == 0
    assert crossroads.heard() == dict.fromkeys(PEOPLE, ANSWERED)
    assert crossroads.states() == ["answered"] * 3
    keys = crossroads.keys()
    assert len(set(keys)) == 3, "a call that is made again bears the same key"
    assert len(keys) >= calls


def test_who_comes_back_too_late_apologises_once_and_takes_no_old_answer(
    crossroads: Crossroads,
) -> None:
    """What they said meanwhile answers the question, asked again, and leads to a new call."""
    assert crossroads.life(NOW, seam="after_the_answer") == -signal.SIGKILL
    (answered, *_) = crossroads.keys()
    assert crossroads.life(TOO_LATE) == 0
    assert crossroads.life(TOO_LATE + timedelta(minutes=1)) == 0
    assert crossroads.keys().count(answered) == 1
    assert crossroads.states() == ["failed"] * 3 + ["answered"] * 3
    assert crossroads.heard() == dict.fromkeys(PEOPLE, APOLOGISED)

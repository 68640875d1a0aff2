"""Actions on a merchant's own server: a real one of rasa-sdk, and some that mean no good."""

import asyncio
import pickle
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.api import talking
from bot.api.reads.chats import find_chat
from bot.app import Tuanzi
from bot.delivery.waking import stage_of
from data.actions import CallState
from data.conversations import Mode
from data.kernel.ids import FlowSha
from dialogs.actions.turn import PrivateStart
from dialogs.calling import begin_later
from dialogs.engine import to_json
from dialogs.house import Cause
from dialogs.log import replayed
from tests.action_server import stock_server
from tests.bot.builders import a_tuanzi
from tests.bot.delivery.folding import Folding, copy_of
from tests.dialogs.actions.paper_shop import MODULE
from tests.hostile import HostileServer, as_json, hostile_server


@pytest.fixture(scope="module")
def stock() -> Iterator[str]:
    with stock_server(MODULE) as url:
        yield url


@pytest.fixture
def tuanzi(_built: Path, tmp_path: Path) -> Iterator[Tuanzi]:
    file = copy_of(_built, tmp_path)
    tuanzi = a_tuanzi(file, egress_allowed=(ip_network("127.0.0.0/8"),))
    yield tuanzi
    tuanzi.close()


@pytest.fixture
def folding(tuanzi: Tuanzi, stock: str, _built: Path) -> Folding:
    """With the real server of rasa-sdk."""
    return _shop(tuanzi, stock, _built)


@pytest.fixture
def hostile(tuanzi: Tuanzi, _built: Path) -> Iterator["Hostile"]:
    with hostile_server() as server:
        yield Hostile(_shop(tuanzi, server.url, _built), server)


def _shop(tuanzi: Tuanzi, url: str, built: Path) -> Folding:
    ours, _ = pickle.loads((built / "names").read_bytes())  # noqa: S301  # our own file
    return Folding(tuanzi, ours, url)


class Hostile:
    def __init__(self, folding: Folding, server: HostileServer) -> None:
        self.folding, self.server = folding, server

    def answers(self, body: object, status: int = 200) -> None:
        self.server.answers["/webhook"] = as_json(status, body)


def test_a_call_its_answer_and_what_was_said_meanwhile(folding: Folding) -> None:
    """The whole way: asked, called, two messages wait, answered, then they are heard in order."""
    folding.open()
    folding.asks()
    assert folding.say("很大") == []
    assert folding.say("你好") == []
    assert folding.read() == []
    folding.settle()
    assert folding.read()[:4] == ["gold!的crane", "Or a boat?", "多大？", "很大的，好了。"]
    (call,) = folding.calls()
    assert (call.state, call.attempts, call.payload) == (CallState.ANSWERED, 1, {})
    assert folding.conversation.snapshot.get("pending") is None
    with folding.tuanzi.database.reading() as session:  # from the log alone, asking nobody
        again = replayed(session, folding.tuanzi.house, folding.conversation)
    assert to_json(again) == folding.conversation.snapshot


def test_a_message_that_comes_twice_while_it_waits_is_heard_once(folding: Folding) -> None:
    folding.open()
    folding.asks()
    assert folding.say("很大", number=99) == folding.say("很大", number=99) == []
    folding.settle()
    assert folding.read().count("很大的，好了。") == 1
    assert folding.say("很大", number=99)[0] == "很大的，好了。"


def test_a_refusal_is_an_answer_that_flows_can_see(folding: Folding) -> None:
    folding.open(action="action_refuse")
    folding.asks()
    folding.settle()
    assert folding.read()[0] == "做不了。"
    assert folding.trouble() == ""


@pytest.mark.parametrize("action", ["action_nowhere", "action_overstep"])
def test_what_staff_must_mend_is_told_to_them_and_apologised_for(
    folding: Folding, action: str
) -> None:
    """404: nobody has it; T19: it sets a slot that is none of its own."""
    folding.open(action=action)
    folding.asks()
    folding.settle()
    said = folding.read()
    assert said[-1] == "送给谁？"
    assert len(said) == 2
    assert folding.trouble().startswith(f"{action}: ")
    assert folding.calls()[0].state == CallState.FAILED


def test_t20_what_is_sent_holds_no_private_slot_and_nothing_of_the_person(
    hostile: Hostile,
) -> None:
    hostile.answers({"events": [], "responses": []})
    hostile.folding.open()
    hostile.folding.asks()
    hostile.folding.settle()
    ((_, _, headers, body),) = hostile.server.seen
    assert b"canary-of-the-address" not in body
    assert b"address" not in body
    assert "ann" not in str(headers) + body.decode().replace("canary", "")
    assert "妈妈".encode() in body or b"mother" in body


ANSWERS: list[Any] = [
    {"events": [{"event": "slot", "name": "address", "value": "x"}]},
    {"events": [{"event": "slot", "name": "nonsense", "value": 1}]},
    {"events": [{"event": "slot", "name": "shape", "value": "submarine"}]},
    {"events": [{"event": "restart"}]},
    {"events": [{"event": "followup", "name": "action_place_order"}]},
    {"events": [{"event": "slot", "name": "size", "value": "x"}, {"event": "undo"}]},
    {"responses": [{"response": "utter_nonsense"}]},
    {"responses": [{"text": "x", "buttons": [{"title": "x", "payload": "/StartFlow(y)"}]}]},
    None,
]


def test_t19_no_odd_answer_changes_a_slot_or_is_said(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.folding.asks()
    before = {"recipient", "paper", "address"}
    for answer in ANSWERS:
        hostile.answers(answer)
        hostile.folding.settle()
        assert hostile.folding.read()[-1] == "送给谁？", answer
        snapshot = hostile.folding.conversation.snapshot
        assert set(snapshot["slots"]) <= {*before, "refusal"}, answer
        assert snapshot["slots"]["address"] == "canary-of-the-address"
        hostile.folding.say("妈妈")
    assert "submarine" not in str(hostile.folding.conversation.snapshot)


def test_t19_markup_in_an_answer_stays_text(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.answers({"responses": [{"text": "<b onclick=x>{price:money} {{7*7}}</b>\u202e"}]})
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.read()[0] == "<b onclick=x>{price:money} {{7*7}}</b>"


def test_a_server_that_is_away_is_asked_again_with_the_same_key(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.answers({}, status=503)
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.read() == []
    hostile.answers({}, status=449)
    hostile.folding.turn_clock(1)
    hostile.folding.settle()
    hostile.answers({"events": [{"event": "slot", "name": "shape", "value": "boat"}]})
    hostile.folding.turn_clock(2)
    hostile.folding.settle()
    assert hostile.folding.read() == ["多大？"]
    keys = {headers["idempotency-key"] for _, _, headers, _ in hostile.server.seen}
    bodies = {body for *_, body in hostile.server.seen}
    assert (len(hostile.server.seen), len(keys), len(bodies)) == (3, 1, 1)


def test_a_server_that_stays_away_is_given_up_when_no_try_is_left(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.answers({}, status=503)
    hostile.folding.asks()
    for seconds in (0, 1, 2, 4, 8):
        hostile.folding.turn_clock(seconds)
        hostile.folding.settle()
    assert hostile.folding.read()[1:] == ["送给谁？"]
    assert [call.reason for call in hostile.folding.calls()] == ["unreachable"]
    assert len(hostile.server.seen) == 5
    assert hostile.folding.trouble() == ""  # it may be back before anybody looks


def test_where_nobody_calls_the_deadline_ends_it_and_what_waited_is_heard(
    hostile: Hostile,
) -> None:
    worker = hostile.folding.tuanzi.worker
    hostile.folding.open()
    hostile.folding.asks()
    hostile.folding.say("取消")
    hostile.folding.turn_clock(29)
    asyncio.run(worker.drain())
    assert hostile.folding.read() == []
    hostile.folding.turn_clock(1)
    asyncio.run(worker.drain())
    _apology, question, *cancelled = hostile.folding.read()
    assert (question, len(cancelled)) == ("送给谁？", 1)
    assert [call.reason for call in hostile.folding.calls()] == ["timeout"]
    assert hostile.folding.conversation.snapshot["stack"] == []


def test_whoever_dies_between_call_and_commit_is_followed_by_another(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    hostile.folding.asks()
    tuanzi = hostile.folding.tuanzi
    (call,) = tuanzi.caller._lease()
    asyncio.run(tuanzi.caller._call(call))  # and then the power is cut
    hostile.folding.settle()
    assert hostile.folding.read() == []
    hostile.folding.turn_clock(15)
    hostile.folding.settle()
    assert hostile.folding.read() == ["folded", "多大？"]
    first, second = (headers["idempotency-key"] for _, _, headers, _ in hostile.server.seen)
    assert first == second


def test_an_answer_that_comes_twice_counts_once(hostile: Hostile) -> None:
    """The lease ran out while the first caller was still waiting: both bring an answer."""
    hostile.folding.open()
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    hostile.folding.asks()
    caller = hostile.folding.tuanzi.caller
    (slow,) = caller._lease()
    hostile.folding.turn_clock(15)
    (fast,) = caller._lease()
    for call in (fast, slow):
        caller._take(call, asyncio.run(caller._call(call)))
    assert hostile.folding.read() == ["folded", "多大？"]


def test_a_flow_that_comes_over_from_a_group_waits_as_messages_do(hostile: Hostile) -> None:
    folding = hostile.folding
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    folding.open()
    folding.asks()
    with folding.tuanzi.database.transaction() as session:
        stage = stage_of(session, folding.conversation.id)
        start = PrivateStart(stage.person.id, "from_a_group", {})
        cause = Cause("from a group", folding.tuanzi.clock.now())
        begin_later(session, stage=stage, start=start, cause=cause)
    asyncio.run(folding.tuanzi.worker.drain())
    assert folding.read() == []
    folding.settle()
    assert folding.read()[:3] == ["folded", "多大？", "做不了。"]


def test_what_waited_begins_in_the_version_that_it_is_of(hostile: Hostile) -> None:
    """Another one was published while the call was under way, and it says something else."""
    folding = hostile.folding
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    before = FlowSha(folding.open())
    folding.asks()
    with folding.tuanzi.database.transaction() as session:
        stage = stage_of(session, folding.conversation.id)
        start = PrivateStart(stage.person.id, "from_a_group", {}, before)
        cause = Cause("from a group", folding.tuanzi.clock.now())
        begin_later(session, stage=stage, start=start, cause=cause)
    folding.open(goes_on_with="utter_ask_size")
    folding.settle()
    assert folding.read()[:3] == ["folded", "多大？", "做不了。"]


@pytest.mark.parametrize("path", ["/redirect", "/bomb", "/wrong"])
def test_t18_an_answer_that_is_none_ends_in_an_apology_and_not_in_a_standstill(
    hostile: Hostile, path: str
) -> None:
    hostile.folding.open(path=path)
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.read()[1:] == ["送给谁？"]
    assert hostile.folding.trouble()
    assert [asked for _, asked, *_ in hostile.server.seen] == [path]


def test_t19_an_answer_that_breaks_the_turn_is_apologised_for_at_once(hostile: Hostile) -> None:
    """What it set is allowed, what it has said of that cannot be put into words."""
    hostile.folding.open()
    priced = [{"event": "slot", "name": "price", "value": 5}]
    hostile.answers({"events": priced, "responses": [{"response": "utter_priced"}]})
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.read()[1:] == ["送给谁？"]
    assert hostile.folding.conversation.snapshot["slots"].get("price") is None
    assert len(hostile.server.seen) == 1


def test_nobody_stands_still_where_even_the_apology_breaks(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merchant may have worded it with a gap that cannot be filled."""
    folding = hostile.folding
    folding.open()
    folding.asks()
    folding.say("你好")
    with monkeypatch.context() as broken:
        broken.setattr("dialogs.play.Play.tell", _cannot_be_said)
        folding.turn_clock(30)
        asyncio.run(folding.tuanzi.worker.drain())
    folding.settle()
    assert "pending" not in folding.conversation.snapshot
    assert folding.say("我想找一个礼物") == ["送给谁？"]


def _cannot_be_said(*_given: object) -> None:
    raise AttributeError


def test_a_running_process_calls_as_soon_as_the_turn_is_committed(hostile: Hostile) -> None:
    """Its loops, and not a drain; a server that hangs holds up nobody else."""
    folding = hostile.folding
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    folding.open(path="/slow")

    async def life() -> list[str]:
        loops = [asyncio.create_task(one) for one in (
            folding.tuanzi.worker.run(), folding.tuanzi.caller.run()
        )]  # fmt: skip
        await asyncio.to_thread(folding.asks)
        await asyncio.sleep(0.3)  # the first call hangs now
        folding.open()
        said: list[str] = []
        for words in ("我想找一个礼物", "妈妈"):
            await asyncio.to_thread(folding.say, words, who="bob")
        async with asyncio.timeout(4):
            while "多大？" not in said:
                await asyncio.sleep(0.02)
                said += await asyncio.to_thread(folding.read)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        return said

    assert asyncio.run(life())[-2:] == ["folded", "多大？"]


def test_a_restart_and_a_newer_version_of_the_flows_change_nothing(
    hostile: Hostile, tmp_path: Path
) -> None:
    """What is committed goes on, and on the version it began with."""
    hostile.answers({"events": [], "responses": [{"response": "utter_folded"}]})
    hostile.folding.open()
    hostile.folding.asks()
    hostile.folding.say("很大")
    hostile.folding.open(action="action_refuse")
    hostile.folding.tuanzi.close()
    again = a_tuanzi(tmp_path / "shop.db", egress_allowed=(ip_network("127.0.0.0/8"),))
    hostile.folding.tuanzi = again
    hostile.folding.settle()
    assert hostile.folding.read()[1:3] == ["多大？", "很大的，好了。"]
    again.close()


def test_trouble_that_is_mended_is_no_trouble_any_more(hostile: Hostile) -> None:
    hostile.folding.open()
    hostile.answers({}, status=404)
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.trouble() == "action_fold: unknown_action 404"
    hostile.answers({"events": [], "responses": []})
    hostile.folding.say("妈妈")
    hostile.folding.settle()
    assert hostile.folding.trouble() == ""


def test_no_transaction_is_open_while_it_is_called(hostile: Hostile) -> None:
    """Whoever is asked can write to the same database, where there is one writer at a time."""
    tuanzi = hostile.folding.tuanzi

    def answer(_body: bytes) -> tuple[int, bytes]:
        with tuanzi.database.transaction() as session:
            session.execute(text("UPDATE lanes SET lane = lane"))
        return 200, b"{}"

    hostile.folding.open()
    hostile.server.answers["/webhook"] = answer
    hostile.folding.asks()
    hostile.folding.settle()
    assert hostile.folding.read() == ["多大？"]
    assert len(hostile.server.seen) == 1


def test_staff_who_take_over_see_what_waited_and_are_not_talked_over(hostile: Hostile) -> None:
    hostile.answers({"events": [], "responses": [{"text": "folded"}]})
    hostile.folding.open()
    hostile.folding.asks()
    hostile.folding.say("还在吗")
    staff(hostile.folding, "take_over")
    asyncio.run(hostile.folding.tuanzi.worker.drain())
    assert hostile.folding.kinds()[-1] == "user_said"  # before any answer came
    hostile.folding.settle()
    assert hostile.folding.read() == []
    assert hostile.folding.conversation.mode == Mode.HUMAN
    staff(hostile.folding, "hand_back")
    assert hostile.folding.read() == ["多大？"]


def staff(folding: Folding, act: str) -> None:
    with folding.tuanzi.database.transaction() as session:
        view = find_chat(
            session, merchant_id=folding.shop.merchant, conversation_id=folding.conversation.id
        )
        by = talking.Speaker("Owner", folding.tuanzi.clock.now())
        getattr(talking, act)(session, folding.tuanzi.house, view=view, by=by)

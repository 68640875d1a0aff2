"""WeChat's webhook: who may call, what is stored, and what is said on the line."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.delivery import wechat_webhook
from bot.delivery.storing import TURN
from bot.web.rates import Rate
from data.delivery import allowances
from data.delivery.models import Allowance, InboxState, Job, OutboxState
from data.kernel.clock import TurnableClock
from data.merchants import ChannelAccount
from data.people import Chat
from tests.bot.delivery.wechat import (
    ANN,
    KEYS,
    THEIRS,
    Gate,
    SignedCall,
    a_message,
    a_text,
    an_event,
)
from tests.builders import NOW


@pytest.fixture
def plain(gate: Gate) -> Gate:
    """An account that takes unsealed calls."""
    return Gate(gate.tuanzi, gate.client, THEIRS)


def turns(gate: Gate) -> int:
    with gate.tuanzi.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == TURN)) or 0


def rules(gate: Gate, **changed: object) -> None:
    with gate.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, gate.account.id)
        told = {**account.settings["wechat"], **changed}
        account.settings = {**account.settings, "wechat": told}


def wait_a_little(gate: Gate, **more: float) -> None:
    clock = gate.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.turn_to(clock.now() + timedelta(**more))


# — whose address it is —


def test_wechat_hears_its_own_word_back(gate: Gate) -> None:
    stamp = {"timestamp": str(gate.now), "nonce": "n"}
    answer = gate.ask(**stamp, signature=KEYS.signature(*stamp.values()), echostr="5837120")
    assert (answer.status_code, answer.text) == (200, "5837120")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_sealed_word_is_opened_first(gate: Gate) -> None:
    stamp = {"timestamp": str(gate.now), "nonce": "n"}
    sealed = KEYS.seal("5837120")
    signature = KEYS.signature(*stamp.values(), sealed)
    assert gate.ask(**stamp, msg_signature=signature, echostr=sealed).text == "5837120"


@pytest.mark.parametrize("changed", [{"signature": "0" * 40}, {"timestamp": "1"}, {"nonce": "m"}])
def test_nobody_else_hears_anything(gate: Gate, changed: dict[str, str]) -> None:  # T01
    stamp = {"timestamp": str(gate.now), "nonce": "n"}
    query = {**stamp, "signature": KEYS.signature(*stamp.values()), "echostr": "x", **changed}
    assert gate.ask(**query).status_code == 403
    assert gate.ask(echostr="x").status_code == 403


# — who may call —


def test_unsigned_another_accounts_and_unknown_calls_are_refused_alike(gate: Gate) -> None:  # T01
    call = gate.sign(a_text("hi"))
    theirs = gate.sign(a_text("hi"), keys=THEIRS)
    assert gate.send(SignedCall({}, call.body)).status_code == 403
    assert gate.send(theirs).status_code == 403
    for path in ("/webhooks/wechat/wx_nobody", f"/webhooks/wechat/{THEIRS.app_id}"):
        answer = gate.client.post(path, params=call.query, content=call.body)
        assert answer.status_code == 403
    assert gate.inbox() == []


def test_a_nonce_is_good_for_one_message(gate: Gate) -> None:  # T02
    assert gate.send(gate.sign(a_text("hi"), nonce="once")).status_code == 503  # it may call again
    assert gate.send(gate.sign(a_text("oh", number=2), nonce="once")).status_code == 403
    assert len(gate.inbox()) == 1


def test_who_plays_an_old_call_again_is_refused(gate: Gate) -> None:  # T02
    call = gate.sign(an_event("unsubscribe"))
    assert [gate.send(call).status_code for _ in range(4)] == [200, 200, 200, 403]
    late = gate.sign(an_event("VIEW"))
    gate.send(late)
    wait_a_little(gate, seconds=60)
    assert gate.send(late).status_code == 403
    assert len(gate.inbox()) == 2


def test_an_account_that_is_switched_off_takes_no_calls(gate: Gate) -> None:
    with gate.tuanzi.database.transaction() as session:
        session.get_one(ChannelAccount, gate.account.id).enabled = False
    assert gate.bring(a_text("hi")).status_code == 403


def test_unsealed_words_are_taken_only_where_the_shop_said_so(gate: Gate, plain: Gate) -> None:
    for one, status in ((gate, 403), (plain, 200)):
        call = one.sign("")
        bare = SignedCall(call.query, an_event("VIEW").encode())
        assert one.send(bare).status_code == status
        assert len(one.inbox()) == (status == 200)
    call = plain.sign("")
    assert plain.send(SignedCall(call.query, an_event("VIEW", at=1).encode())).status_code == 200
    forged = SignedCall(call.query, an_event("VIEW", at=2).encode())
    assert plain.send(forged).status_code == 403  # the signature would fit


def test_forgers_use_up_nobodys_calls(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat_webhook, "_CALLS", Rate(2, per=1))  # T03
    for _ in range(3):
        gate.send(SignedCall({**gate.sign("").query, "msg_signature": "0" * 40}, b"<xml/>"))
    answers = [gate.bring(an_event("VIEW", at=at)).status_code for at in range(3)]
    assert answers == [200, 200, 429]


# — what is no message —


# — once —


def test_three_calls_for_one_message_have_one_effect(gate: Gate) -> None:  # T02
    answers = [gate.bring(a_text("hi")) for _ in range(3)]
    gate.work()
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[-1].text == "success"
    assert (len(gate.inbox()), turns(gate)) == (1, 1)


def test_after_the_third_call_what_is_said_is_the_couriers(gate: Gate) -> None:
    for _ in range(3):
        gate.bring(a_text("hi"))
    gate.work()
    assert gate.bring(a_text("hi")).text == "success"
    assert {row.state for row in gate.outbox()} == {OutboxState.PENDING}


def test_a_call_that_comes_again_is_told_the_same(gate: Gate) -> None:
    gate.bring(a_text("hi"))
    gate.work()
    told = [gate.read(gate.bring(a_text("hi"))) for _ in range(2)]
    assert told[0] == told[1]
    assert (told[0]["ToUserName"], told[0]["MsgType"]) == (ANN, "text")
    assert [row.external_id for row in gate.outbox()] == ["reply"] * len(gate.outbox())
    assert {row.state for row in gate.outbox()} == {OutboxState.SENT}


def test_what_nobody_waits_for_is_success_at_once(gate: Gate) -> None:
    for xml in (an_event("VIEW"), an_event("unsubscribe"), a_message("smell")):
        answer = gate.bring(xml)
        assert (answer.status_code, answer.text) == (200, "success")
    gate.work()
    assert {row.state for row in gate.inbox()} == {InboxState.HANDLED}
    assert gate.outbox() == []


def test_an_unsealed_call_is_answered_unsealed(plain: Gate) -> None:
    xml = a_text("hi").encode()
    plain.send(SignedCall(plain.sign("").query, xml))
    plain.work()
    answer = plain.send(SignedCall(plain.sign("").query, xml))
    assert answer.text.startswith("<xml><ToUserName><![CDATA[o_ann]]>")


# — what they let us say —


def windows(gate: Gate) -> dict[str, tuple[int, float | None]]:
    with gate.tuanzi.database.reading() as session:
        found = session.scalars(select(Allowance).order_by(Allowance.id)).all()
        return {
            one.source: (
                one.remaining,
                (one.expires_at - NOW).total_seconds() if one.expires_at else None,
            )
            for one in found
        }


def test_a_message_and_a_touch_open_their_windows(gate: Gate) -> None:
    gate.bring(a_text("hi"))
    gate.bring(an_event("subscribe"))
    gate.bring(an_event("VIEW"))
    assert windows(gate) == {"message": (5, 48 * 3600.0), "touch": (3, 60.0)}


def test_the_numbers_are_the_accounts_own(gate: Gate) -> None:
    rules(gate, message={"messages": 20, "seconds": 10})
    gate.bring(a_text("hi"))
    assert windows(gate) == {"message": (20, 10.0)}


def test_each_accepted_template_is_one_grant_and_a_refusal_takes_it_back(gate: Gate) -> None:
    def entry(template: str, status: str) -> dict[str, object]:
        return {"List": {"TemplateId": template, "SubscribeStatusString": status}}

    name = "subscribe_msg_popup_event"
    for at in (1, 2):
        gate.bring(an_event(name, at=at, SubscribeMsgPopupEvent=entry("t1", "accept")))
    gate.bring(an_event(name, at=2, SubscribeMsgPopupEvent=entry("t1", "accept")))  # a repeat
    assert left(gate, "template:t1") == 2
    change = entry("t1", "reject")
    gate.bring(an_event("subscribe_msg_change_event", SubscribeMsgChangeEvent=change))
    assert left(gate, "template:t1") == 0


def left(gate: Gate, source: str) -> int:
    with gate.tuanzi.database.reading() as session:
        chat_id = session.scalar(select(Chat.id).where(Chat.external_id == ANN))
        assert chat_id is not None
        return allowances.left(session, chat_id=chat_id, sources=[source], now=NOW)

"""WeCom's webhook: who may call, and what a call leaves behind. It brings no message but a bell."""

import pytest
from sqlalchemy import select

from bot.delivery.permission import why_not
from data.delivery.models import OutboxRow
from data.people import ChannelIdentity, Chat, ChatMember
from tests.bot.delivery.wechat import SignedCall
from tests.bot.delivery.wecom import (
    CORP,
    OTHER_DESK,
    THEIR_CORP,
    Company,
    a_bell,
    a_group_event,
    said,
)


def groups(company: Company) -> list[Chat]:
    with company.tuanzi.database.reading() as session:
        return list(session.scalars(select(Chat).where(Chat.kind == "group")))


# — whose address it is —


def test_wecom_hears_its_own_word_back_unsealed(company: Company) -> None:
    stamp, sealed = {"timestamp": str(company.now), "nonce": "n"}, CORP.seal("5837120")
    signature = CORP.signature(*stamp.values(), sealed)
    answer = company.ask({**stamp, "msg_signature": signature, "echostr": sealed})
    assert (answer.status_code, answer.text) == (200, "5837120")


@pytest.mark.parametrize(
    "changed", [{"msg_signature": "0" * 40}, {"timestamp": "1"}, {"nonce": "m"}]
)
def test_nobody_else_hears_anything(company: Company, changed: dict[str, str]) -> None:  # T01
    stamp, sealed = {"timestamp": str(company.now), "nonce": "n"}, CORP.seal("5837120")
    query = {**stamp, "msg_signature": CORP.signature(*stamp.values(), sealed), "echostr": sealed}
    assert company.ask({**query, **changed}).status_code == 403


# — who may ring —


@pytest.mark.parametrize(
    "changed",
    [
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"msg_signature": "团子"},
        {"nonce": "another"},
        {"timestamp": "0"},
        {"timestamp": "9" * 400},
    ],
)
def test_a_forged_bell_is_refused_and_rings_nowhere(  # T01
    company: Company, changed: dict[str, str]
) -> None:
    call = company.sign(a_bell())
    assert company.send(SignedCall({**call.query, **changed}, call.body)).status_code == 403
    assert company.bell() is None


def test_another_companys_and_unknown_calls_are_refused_alike(company: Company) -> None:  # T01
    call, theirs = company.sign(a_bell()), company.sign(a_bell(), keys=THEIR_CORP)
    assert company.send(theirs).status_code == 403
    assert company.send(SignedCall({}, call.body)).status_code == 403
    for path in ("/webhooks/wecom/ww_nobody", f"/webhooks/wechat/{CORP.app_id}"):
        answer = company.client.post(path, params=call.query, content=call.body)
        assert answer.status_code == 403
    sealed = type(CORP)("ww_other_company", CORP.token, CORP.aes_key).seal(a_bell())
    assert company.send(company.sign("", sealed=sealed)).status_code == 403
    assert company.bell() is None


@pytest.mark.parametrize("seconds", [-301, 301, -(10**9)])
def test_a_stamp_of_another_time_is_refused(company: Company, seconds: int) -> None:  # T02
    assert company.send(company.sign(a_bell(), at=company.now + seconds)).status_code == 403
    assert company.bell() is None


def test_a_bell_rings_once_however_often_the_same_call_comes(company: Company) -> None:  # T02
    call = company.sign(a_bell("WORD1"))
    assert company.send(call).text == "success"
    bell = company.inbox.bell()
    assert bell is not None
    company.inbox.followed(bell)
    assert company.send(call).text == "success"
    assert company.bell() is None


def test_a_used_nonce_with_other_bytes_is_refused(company: Company) -> None:  # T02
    company.send(company.sign(a_bell(), nonce="same"))
    assert company.send(company.sign(a_bell("OTHER"), nonce="same")).status_code == 403
    assert company.bell() == "WORD"


def test_a_bell_of_somebody_elses_desk_is_none_of_ours(company: Company) -> None:
    assert company.bring(a_bell(desk=OTHER_DESK)).text == "success"
    assert company.bell() is None


def test_the_newest_of_two_bells_is_followed_and_a_later_one_stays(company: Company) -> None:
    company.bring(a_bell("WORD1"))
    company.bring(a_bell("WORD2"))
    first = company.inbox.bell()
    assert first is not None
    assert first.text == "WORD2"
    company.bring(a_bell("WORD3"))
    company.inbox.followed(first)
    assert company.bell() == "WORD3"


def test_a_word_without_end_still_says_that_there_is_news(company: Company) -> None:
    assert company.bring(a_bell("x" * 10_000)).status_code == 200
    assert company.bell() == ""


HOSTILE = [
    "<xml></xml>",
    "",
    "junk",
    "<xml>" * 3000,
    '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><xml><Event>&c;</Event></xml>',
    "<xml><Event><a/><b/></Event></xml>",
]


@pytest.mark.parametrize("xml", HOSTILE)
def test_hostile_documents_are_refused_or_kept_and_ring_nothing(  # T24
    company: Company, xml: str
) -> None:
    assert company.bring(xml).status_code in (200, 400)
    assert company.bell() is None
    company.work()
    assert {row.state for row in company.rows()} <= {"handled", "dead"}


def test_an_envelope_that_is_none_is_400_and_an_oversized_one_413(company: Company) -> None:  # T24
    call = company.sign(a_bell())
    assert company.send(SignedCall(call.query, b"<xml>")).status_code == 400
    assert company.send(SignedCall(call.query, b"x" * 70_000)).status_code == 413
    assert company.rows() == []


def test_unsealed_calls_are_refused(company: Company) -> None:
    call = company.sign(a_bell())
    assert company.send(SignedCall(call.query, a_bell().encode())).status_code == 403


# — customer groups —


def test_a_group_is_known_and_nothing_is_ever_said_there(company: Company) -> None:
    assert company.bring(a_group_event("create")).text == "success"
    company.work()
    (group,) = groups(company)
    assert (group.external_id, group.reachable) == ("wr_tea_lovers", False)
    with company.tuanzi.database.reading() as session:
        row = OutboxRow(chat_id=group.id, purpose="reply", coalesce_key=None, not_after=None)
        assert why_not(session, row, group, company.tuanzi.clock.now()) == "unreachable"


def members(company: Company) -> list[tuple[str, bool]]:
    """Of the group, by their names at WeCom, and whether they are still there."""
    with company.tuanzi.database.reading() as session:
        rows = session.execute(
            select(ChannelIdentity.external_id, ChatMember.left_at)
            .join(ChatMember, ChatMember.person_id == ChannelIdentity.person_id)
            .join(Chat, Chat.id == ChatMember.chat_id)
            .where(Chat.kind == "group")
        )
        return [(row.external_id, row.left_at is None) for row in rows]


def a_change(detail: str, inside: str) -> str:
    told = {"UpdateDetail": detail, "MemChangeCnt": 2}
    xml = a_group_event("update", at=1_790_000_000 + len(detail + inside), **told)
    return xml.replace("</xml>", f"<MemChangeList>{inside}</MemChangeList></xml>")


@pytest.mark.parametrize("inside", ["<Item>wm_ann</Item><Item>wm_bob</Item>", "wm_ann,wm_bob"])
def test_who_comes_and_goes_is_known_of_our_customers(company: Company, inside: str) -> None:
    company.give(said("你好"))
    company.work()
    for _ in range(2):
        assert company.bring(a_change("add_member", inside)).text == "success"
    assert members(company) == [("wm_ann", True)]  # Bob never wrote to the desk
    assert company.bring(a_change("del_member", "wm_ann")).text == "success"
    assert members(company) == [("wm_ann", False)]
    company.work()
    assert {row.state for row in company.rows()} == {"handled"}


def test_a_crowd_that_comes_at_once_is_one_call(company: Company) -> None:
    crowd = ",".join(f"wm_{number}" for number in range(500))
    assert company.bring(a_change("add_member", crowd)).text == "success"
    assert len(company.rows()) == 1


@pytest.mark.parametrize("change", ["dismiss", "update", "nobody_knows", ""])
def test_whatever_happens_to_a_group_harms_nothing(company: Company, change: str) -> None:
    assert company.bring(a_group_event(change, UpdateDetail="change_owner")).status_code == 200
    company.work()
    assert {row.state for row in company.rows()} == {"handled"}
    assert not any(group.reachable for group in groups(company))


def test_events_nobody_has_heard_of_are_stored_and_harmless(company: Company) -> None:
    xml = a_group_event("x").replace("change_external_chat", "change_external_contact")
    assert company.bring(xml).text == "success"
    company.work()
    assert [row.state for row in company.rows()] == ["handled"]

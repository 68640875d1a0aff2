"""A person of the shop in a chat: the bot falls silent, the answer arrives, the bot comes back."""

from sqlalchemy import select

from bot.channels.rest import RestMetadata
from data.conversations import Mode, set_mode
from data.delivery.models import OutboxRow
from data.merchants import StaffRole
from data.orders import Address
from tests.bot.builders import a_placed_order, speak
from tests.bot.client import TestClient
from tests.bot.conftest import SignIn, Street
from tests.builders import NOW

LAN = RestMetadata(name="Lan", locale="zh-Hans")


def _texts(api: TestClient, street: Street, who: str) -> list[str]:
    lines = api.get(f"/api/v1/conversations/{street.ours.conversation}").json()["lines"]
    return [
        line["text"] or "".join(part.get("text", "") for part in line["segments"])
        for line in lines
        if line["who"] == who
    ]


def test_while_a_person_has_the_chat_the_bot_is_silent(street: Street, api: TestClient) -> None:
    path = f"/api/v1/conversations/{street.ours.conversation}"
    api.post(f"{path}/hand-back")
    assert api.post(f"{path}/hand-over").json()["mode"] == "human"
    before = _texts(api, street, "bot")
    speak(street.tuanzi, street.ours.merchant, "给我妈挑个生日礼物", about=LAN)
    assert _texts(api, street, "bot") == before
    assert _texts(api, street, "customer")[-1] == "给我妈挑个生日礼物"


def test_an_answer_takes_the_chat_over_and_reaches_the_person(
    street: Street, api: TestClient
) -> None:
    path = f"/api/v1/conversations/{street.ours.conversation}"
    api.post(f"{path}/hand-back")
    answered = api.post(f"{path}/answer", json={"text": "您好，我是小美。"}).json()
    assert answered["mode"] == "human"
    assert _texts(api, street, "staff") == ["您好，我是小美。"]
    with street.tuanzi.database.reading() as session:
        newest = select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)
        sent = session.scalars(newest).one()
        assert sent.segments == [{"type": "text", "text": "您好，我是小美。"}]
        assert sent.conversation_id == street.ours.conversation


def test_handed_back_the_bot_asks_its_open_question_again(street: Street, api: TestClient) -> None:
    """Others fail here: the bot forgets, or answers over the human."""
    path = f"/api/v1/conversations/{street.ours.conversation}"
    api.post(f"{path}/hand-back")
    speak(street.tuanzi, street.ours.merchant, "我想挑个礼物", about=LAN)
    asked = _texts(api, street, "bot")[-1]
    api.post(f"{path}/answer", json={"text": "稍等"})
    assert api.post(f"{path}/hand-back").json()["mode"] == "bot"
    assert _texts(api, street, "bot")[-1] == asked == "送给谁呢？"
    speak(street.tuanzi, street.ours.merchant, "我妈", about=LAN)
    assert "记下了。" in _texts(api, street, "bot")


def test_handing_over_twice_or_back_twice_changes_nothing(street: Street, api: TestClient) -> None:
    path = f"/api/v1/conversations/{street.ours.conversation}"
    for _ in range(2):
        assert api.post(f"{path}/hand-back").json()["mode"] == "bot"
    said = _texts(api, street, "bot")
    for _ in range(2):
        assert api.post(f"{path}/hand-over").json()["mode"] == "human"
    assert _texts(api, street, "bot") == said


def test_a_chat_that_nobody_answered_is_marked_until_somebody_takes_it(
    street: Street, api: TestClient
) -> None:
    """The bot took it back: without a notice the shop would never know."""
    conversation = street.ours.conversation
    api.post(f"/api/v1/conversations/{conversation}/hand-back")
    _left_unanswered(street, conversation)
    marked = api.get("/api/v1/conversations", params={"unanswered": True}).json()["items"]
    assert [one["id"] for one in marked] == [conversation]
    assert marked[0]["unanswered_at"] is not None
    api.post(f"/api/v1/conversations/{conversation}/hand-over")
    assert api.get("/api/v1/conversations", params={"unanswered": True}).json()["items"] == []


def _left_unanswered(street: Street, conversation: str) -> None:
    with street.tuanzi.database.transaction() as session:
        set_mode(session, conversation_id=conversation, mode=Mode.BOT, now=NOW, unanswered=True)


def test_opened_in_the_console_it_is_marked_no_longer(street: Street, sign_in: SignIn) -> None:
    conversation = street.ours.conversation
    agent = sign_in(StaffRole.AGENT)
    assert "not answered in time" not in agent.get("/").text
    _left_unanswered(street, conversation)
    assert "<b>1</b> not answered in time" in agent.get("/").text
    listed = agent.get("/chats?unanswered=true").text
    assert conversation in listed
    assert "no answer" in listed
    assert "took this chat back" in agent.get(f"/chats/{conversation}").text
    assert "not answered in time" not in agent.get("/").text
    assert conversation not in agent.get("/chats?unanswered=true").text
    assert "took this chat back" not in agent.get(f"/chats/{conversation}").text


def test_an_empty_answer_is_no_answer(street: Street, api: TestClient) -> None:
    path = f"/api/v1/conversations/{street.ours.conversation}/answer"
    assert api.post(path, json={"text": ""}).status_code == 422
    assert api.post(path, json={"text": "   "}).status_code == 422
    assert api.post(path, json={"text": "x" * 4001}).status_code == 422


def test_events_go_on_where_the_cursor_stands(street: Street, api: TestClient) -> None:
    first = api.get("/api/v1/events", params={"limit": 2}).json()
    rest = api.get("/api/v1/events", params={"after": first["next"]}).json()["items"]
    ids = [event["id"] for event in first["items"] + rest]
    assert ids == sorted(set(ids))
    assert first["items"][0]["kind"] == "user_said"
    speak(street.tuanzi, street.ours.merchant, "在吗", about=LAN)
    news = api.get("/api/v1/events", params={"after": ids[-1]}).json()["items"]
    assert [event["body"]["text"] for event in news if event["kind"] == "user_said"] == ["在吗"]


def test_an_address_in_a_chat_is_covered_up(street: Street, api: TestClient) -> None:
    """T14: even where the customer or the bot wrote it in plain words."""
    path = f"/api/v1/conversations/{street.ours.conversation}"
    person = api.get(path).json()["customer_id"]
    address = Address(name="Zhao", phone="13800138000", line="Canary Road 7")
    a_placed_order(
        street.tuanzi, street.ours.merchant, person, street.ours.variant, address=address
    )
    said = "please send it to Canary Road 7, 13800138000"
    speak(street.tuanzi, street.ours.merchant, said, about=LAN)
    shown = api.get(path)
    assert "Canary" not in shown.text
    assert "13800138000" not in shown.text
    assert "please send it to •••, •••" in shown.text

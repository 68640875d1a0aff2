"""Text that no database takes: programs and colleagues are told so, people in chats are heard."""

import json

import pytest
from sqlalchemy import select

from data.delivery.models import InboxRow
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount
from tests.bot.browser import Browser
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.builders import NOW

JSON = {"Content-Type": "application/json"}
KNOWN = {**JSON, "Authorization": "Bearer a channel key"}
UNTOLD = (422, "error_unstorable_text")


@pytest.mark.parametrize(
    "path", ["/products/a%00b", "/customers/a%00b", "/orders?after=a%00b", "/flows/versions/%00"]
)
def test_an_address_with_a_nul_leads_nowhere(api: TestClient, path: str) -> None:
    assert api.get(f"/api/v1{path}").status_code == 422


def test_a_program_is_told_that_its_text_cannot_be_kept(api: TestClient, street: Street) -> None:
    talk = f"/api/v1/conversations/{street.ours.conversation}"
    refund = {"payment_id": street.ours.payment, "key": "a\0b"}
    flows = {"sources": {"flows/a.yml": '# "a\0b"\n'}}
    asked = [
        api.post(f"{talk}/answer", json={"text": "a\0b"}),
        api.post(f"/api/v1/orders/{street.ours.order}/ship", json={"tracking": "a\0b"}),
        api.post("/api/v1/refunds", json=refund),
    ]
    assert [(told.status_code, told.json()["error"]) for told in asked] == [UNTOLD] * 3
    half = json.dumps({"text": "a\ud83d"})
    assert api.post(f"{talk}/answer", content=half, headers=JSON).status_code == 422
    assert api.post("/api/v1/flows/draft", json=flows).status_code == 422


def test_a_colleague_is_told_in_words(owner: Browser, street: Street) -> None:
    told = owner.post(f"/orders/{street.ours.order}/ship", tracking="a\0b")
    assert told.status_code == 422
    assert "characters in this that cannot be stored" in told.text
    chat = owner.post(f"/chats/{street.ours.conversation}/answer", text="a\0b")
    assert chat.status_code == 422
    assert owner.sign_in("a\0b@ours.example").status_code == 422


def test_what_people_write_is_heard_without_it(street: Street) -> None:
    """A messenger that is told 422 would lose their words, or bring them for ever."""
    _open_a_channel(street)
    program = TestClient(street.site, base_url="https://127.0.0.1")
    about = {"message_id": "1", "name": "Q\0iu", "chat": {"id": "q", "title": "\0"}}
    said = {"sender": "q", "message": "\0我想找\ud83d人工客服", "metadata": about}
    answer = program.post("/webhooks/rest/webhook", content=json.dumps(said), headers=KNOWN)
    assert (answer.status_code, bool(answer.json())) == (200, True)
    with street.tuanzi.database.reading() as session:
        (row,) = session.scalars(select(InboxRow).where(InboxRow.event_id == "q:1"))
        assert row.payload["message"] == "我想找?人工客服"


def _open_a_channel(street: Street) -> None:
    with street.tuanzi.database.transaction() as session:
        ours = ChannelAccount.merchant_id == street.ours.merchant
        key = ApiToken(
            token_hash=fingerprint("a channel key"),
            merchant_id=street.ours.merchant,
            account_id=session.scalars(select(ChannelAccount.id).where(ours)).one(),
            scope="channel",
            created_at=NOW,
        )
        session.add(key)

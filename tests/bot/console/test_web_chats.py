"""A merchant's own sites in the console: opened, changed, closed; the tag to copy."""

import pytest

from bot.webchat.sites import Look, look_of, origins_of, read_site, sites_of
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount, StaffRole
from tests.bot.browser import Browser
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS, OURS, SignIn, Street

ROOM = "/web-chats"
GIVEN = {"origins": "https://www.tea.example\r\nhttps://tea.example/", "colour": "#AA3355"}


def accounts(street: Street) -> list[ChannelAccount]:
    with street.tuanzi.database.reading() as session:
        return sites_of(session, merchant_id=street.ours.merchant)


def test_a_site_is_opened_changed_and_closed(owner: Browser, street: Street) -> None:
    assert owner.post(ROOM, **GIVEN).headers["location"].endswith("done=web_chat_saved")
    (account,) = accounts(street)
    assert origins_of(account) == ("https://www.tea.example", "https://tea.example")
    assert look_of(account) == Look("#aa3355", "right", "")
    shown = owner.get(ROOM).text
    assert f"data-shop=&#34;{account.id}&#34; async" in shown
    changed = {"account": account.id, "origins": "https://b.example", "side": "left", "title": "茶"}
    owner.post(ROOM, **changed)
    (account,) = accounts(street)
    assert origins_of(account) == ("https://b.example",)
    assert look_of(account) == Look("", "left", "茶")
    owner.post(f"{ROOM}/close", account=account.id)
    with street.tuanzi.database.reading() as session, pytest.raises(NotFound):
        read_site(session, account.id)
    owner.post(ROOM, **changed)
    with street.tuanzi.database.reading() as session:
        assert read_site(session, account.id).origins == ("https://b.example",)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"origins": "http://www.tea.example"}, "origins"),
        ({"origins": "https://tea.example/chat"}, "origins"),
        ({"origins": "https://tea.example; script-src *"}, "origins"),
        ({"origins": "https://*.example"}, "origins"),
        ({"origins": "https://a@tea.example"}, "origins"),
        ({"origins": "'self'"}, "origins"),
        ({"origins": ""}, "origins"),
        ({"colour": "red;}"}, "colour"),
        ({"title": "x" * 61}, "title"),
    ],
)
def test_t43_what_is_no_site_comes_back_marked(
    owner: Browser, street: Street, given: dict[str, str], field: str
) -> None:
    """What stands in the policy's header is an origin and nothing else."""
    answer = owner.post(ROOM, **{**GIVEN, **given})
    assert answer.status_code == 422
    assert f'id="{field}-"' in answer.text.split('aria-invalid="true"')[0].rsplit("<", 1)[1]
    assert accounts(street) == []


def test_t11_another_shops_site_is_not_there(owner: Browser, street: Street) -> None:
    owner.post(ROOM, **GIVEN)
    (account,) = accounts(street)
    client = TestClient(street.site, base_url=ADDRESS, headers=OURS, follow_redirects=False)
    theirs = Browser(client)
    theirs.sign_in(street.theirs.emails[StaffRole.OWNER])
    for path in (ROOM, f"{ROOM}/close"):
        assert theirs.post(path, **GIVEN, account=account.id).status_code == 404
    assert account.id not in theirs.get(ROOM).text


def test_a_manager_copies_the_tag_and_changes_nothing(sign_in: SignIn, street: Street) -> None:
    sign_in(StaffRole.OWNER).post(ROOM, **GIVEN)
    manager = sign_in(StaffRole.MANAGER)
    page = manager.get(ROOM).text
    assert "widget.js" in page
    assert f'action="/console{ROOM}"' not in page
    assert ROOM in manager.get("/chats").text
    assert manager.post(ROOM, **GIVEN).status_code == 403

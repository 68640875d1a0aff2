"""The form of a group-buy: every term is typed, marked where it makes no sense, and shown again."""

import re
from html import unescape

import pytest

from data.group_buys import Campaign
from data.kernel.ids import new_id
from data.payments.sandbox_bank import SANDBOX
from data.people import Chat
from tests.bot.browser import Browser
from tests.bot.conftest import Street

TERMS = {
    "team_size": "3",
    "team_price": "50.00",
    "hours": "25",
    "days": "7",
    "per_person_limit": "2",
    "stock_limit": "3",
    "set_aside": "true",
    "new_customers_only": "true",
    "open_to_others": "true",
    "ship_to": "one",
    "reward": "5.00",
    "reward_budget": "50.00",
    "invite_reward": "2.50",
    "invite_reward_budget": "100.00",
    "invite_channels": "telegram",
    "modes": "charge",
    "key": "teapots",
}


def _start(owner: Browser, street: Street, **more: str | list[str]) -> str:
    made = owner.post("/group-buys", **{**TERMS, "variant_id": street.ours.variant, **more})
    assert made.status_code == 303, made.text
    path: str = made.headers["location"].removeprefix("/console").split("?")[0]
    return path


def _a_group(street: Street, merchant_id: str) -> str:
    with street.tuanzi.database.transaction() as session:
        any_chat = session.query(Chat).filter(Chat.merchant_id == merchant_id).first()
        assert any_chat is not None
        group = Chat(
            id=new_id("cht"),
            merchant_id=merchant_id,
            account_id=any_chat.account_id,
            external_id=new_id("group"),
            kind="group",
            title="Climbers",
            created_at=any_chat.created_at,
        )
        session.add(group)
        return group.id


def test_every_term_comes_back_as_it_was_typed(owner: Browser, street: Street) -> None:
    form = owner.get(f"{_start(owner, street)}/edit").text
    for name in ("team_size", "team_price", "hours", "days", "stock_limit", "reward", "key"):
        (field,) = re.findall(rf'<input id="{name}"[^>]*>', form)
        assert f'value="{TERMS[name]}"' in field
    for name in ("set_aside", "new_customers_only", "open_to_others"):
        (box,) = re.findall(rf'<input type="checkbox" id="{name}"[^>]*>', form)
        assert "checked" in box
    assert '<option value="one" selected>' in form


def test_terms_are_changed_while_no_team_is_open(owner: Browser, street: Street) -> None:
    path = _start(owner, street)
    with street.tuanzi.database.reading() as session:
        before = session.get_one(Campaign, path.rsplit("/", 1)[1]).ends_at
    changed = {**TERMS, "team_size": "2", "reward": "", "reward_budget": "", "set_aside": ""}
    assert owner.post(f"{path}/edit", **changed).status_code == 303
    page = owner.get(path).text
    assert "Leader's reward" in page  # what was said before stays in the figures
    with street.tuanzi.database.reading() as session:
        campaign = session.get_one(Campaign, path.rsplit("/", 1)[1])
        assert (campaign.team_size, campaign.set_aside) == (2, False)
        assert campaign.ends_at == before
    open_team = f"/group-buys/{street.ours.campaign}"
    assert owner.post(f"{open_team}/edit", **TERMS).status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "Tea Pots"),
        ("reward", "50"),
        ("reward_budget", "4.99"),
        ("invite_reward", "50"),
        ("invite_reward_budget", "2.49"),
        ("invite_channels", "wechat"),
        ("stock_limit", "99999"),
        ("ship_to", "moon"),
        ("shown", "nowhere"),
    ],
)
def test_a_wrong_term_says_why_beside_its_field(
    owner: Browser, street: Street, field: str, value: str
) -> None:
    form = {**TERMS, "variant_id": street.ours.variant, field: value}
    answer = owner.post("/group-buys", **form)
    assert answer.status_code == 422
    assert answer.text.count('<div class="field wrong">') == 1
    marked = answer.text.split('<div class="field wrong">')[1].split("</div>")[0]
    assert f'id="{field}"' in marked
    assert "campaign.wrong" not in answer.text


@pytest.mark.parametrize(
    ("language", "why"),
    [("en", "forbid rewarding people"), ("zh-Hans", "禁止用奖励"), ("zh-Hant", "禁止用獎勵")],
)
def test_a_reward_for_inviting_is_refused_in_wechat_and_told_why(
    owner: Browser, street: Street, language: str, why: str
) -> None:
    owner.post("/language", locale=language)
    form = {**TERMS, "variant_id": street.ours.variant, "invite_channels": ["telegram", "wecom"]}
    answer = owner.post("/group-buys", **form)
    assert answer.status_code == 422
    assert why in answer.text
    assert "2.1.2" in answer.text


LADDER = {"tier_size": ["4", "", "6"], "tier_price": ["45", "", "40.00"]}


def test_larger_teams_and_the_way_to_pay_come_back_as_they_were_typed(
    owner: Browser, street: Street
) -> None:
    paid = {"modes": "join_first", "pay_hours": "5", "underpaid": "ship", "stock_limit": "6"}
    form = {**TERMS, **paid, **LADDER, "variant_id": street.ours.variant}
    made = owner.post("/group-buys", **form)
    assert made.status_code == 303, made.text
    path = made.headers["location"].removeprefix("/console").split("?")[0]
    shown = owner.get(path).text
    assert "from 4 people" in shown
    assert "When the team is full" in shown
    again = owner.get(f"{path}/edit").text
    rows = re.findall(r'name="tier_(?:size|price)"[^>]* value="([^"]*)"', again)
    assert rows[:4] == ["4", "45.00", "6", "40.00"]
    assert not any(rows[4:])
    assert ticked(again) == ["join_first"]
    assert '<option value="ship" selected>' in again
    with street.tuanzi.database.reading() as session:
        campaign = session.get_one(Campaign, path.rsplit("/", 1)[1])
        assert (campaign.modes, campaign.pay_window_seconds) == (["join_first"], 5 * 3600)
    assert (
        owner.post(f"{path}/edit", **{**form, "tier_size": [], "tier_price": []}).status_code == 303
    )
    assert "from 4 people" not in owner.get(path).text


def in_order(form: str) -> list[str]:
    return re.findall(r'<input type="checkbox"[^>]* name="modes" value="(\w+)"', form)


def ticked(form: str) -> list[str]:
    """The ways to pay that are chosen, as they stand below each other."""
    boxes = re.findall(r'<input type="checkbox"[^>]* name="modes" value="(\w+)"([^>]*)>', form)
    return [mode for mode, rest in boxes if "checked" in rest]


def test_several_ways_to_pay_are_offered_and_it_is_said_which_one_people_get(
    owner: Browser, street: Street
) -> None:
    new = owner.get("/group-buys/new").text
    assert (ticked(new), in_order(new)) == (["charge"], ["hold", "charge", "join_first"])
    path = _start(owner, street, modes=["hold", "charge"])
    with street.tuanzi.database.reading() as session:
        assert session.get_one(Campaign, path.rsplit("/", 1)[1]).modes == ["hold", "charge"]
    assert gets(owner.get(path).text) == "Reserved first"
    assert ticked(owner.get(f"{path}/edit").text) == ["hold", "charge"]
    del street.tuanzi.gateways.house[SANDBOX]  # now nobody reserves money
    assert gets(owner.get(path).text) == "At once"
    form = owner.get(f"{path}/edit").text
    assert "None of your payment providers reserves money" in form


def gets(page: str) -> str:
    (shown,) = re.findall(r"<dt>People get now</dt><dd>([^<]*)</dd>", page)
    return unescape(str(shown))


def test_an_order_that_a_file_set_is_shown_and_stays(owner: Browser, street: Street) -> None:
    path = _start(owner, street, modes=["charge", "hold"])
    form = owner.get(f"{path}/edit").text
    assert in_order(form) == ["charge", "hold", "join_first"]  # and sent again in this order
    assert ticked(form) == ["charge", "hold"]
    assert gets(owner.get(path).text) == "At once"


@pytest.mark.parametrize(
    ("language", "holds", "why"),
    [
        ("en", "7 days", "No provider of the shop reserves money for as long"),
        ("zh-Hans", "7天", "没有哪家支付渠道"),
        ("zh-Hant", "7 天", "沒有哪家"),
    ],
)
def test_for_how_long_money_is_reserved_is_said_beside_it(
    owner: Browser, street: Street, language: str, holds: str, why: str
) -> None:
    owner.post("/language", locale=language)
    form = {**TERMS, "variant_id": street.ours.variant, "modes": ["hold"], "hours": "157"}
    answer = owner.post("/group-buys", **form)
    assert answer.status_code == 422
    beside = answer.text.split('id="mode-hold-note"')[1].split("</p>")[0]
    assert holds in beside
    assert "156" in beside
    assert why in answer.text
    assert owner.post("/group-buys", **{**form, "hours": "156"}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "marked"),
    [
        ({"tier_size": ["4", "6"], "tier_price": ["45", "46"]}, 'name="tier_size"'),
        ({"tier_size": ["4"], "tier_price": ["cheap"]}, 'name="tier_size"'),
        ({"tier_size": ["4"], "tier_price": [""]}, 'name="tier_size"'),
        ({"modes": "hold", "hours": "168"}, 'id="mode-hold"'),  # as long as the bank holds
        ({"modes": ["hold", "charge"], "hours": "168"}, 'id="mode-hold"'),
        ({"modes": "later"}, 'id="mode-hold"'),
        ({"modes": ["charge", "charge"]}, 'id="mode-hold"'),
        ({"modes": []}, 'id="mode-hold"'),
        ({"pay_hours": "169"}, 'id="pay_hours"'),
        ({"underpaid": "keep"}, 'id="underpaid"'),
    ],
)
def test_what_cannot_be_paid_so_is_said_beside_its_field(
    owner: Browser, street: Street, wrong: dict[str, str | list[str]], marked: str
) -> None:
    form = {**TERMS, "stock_limit": "6", "variant_id": street.ours.variant, **wrong}
    answer = owner.post("/group-buys", **form)
    assert answer.status_code == 422
    assert answer.text.count('<div class="field wrong">') == 1
    assert marked in answer.text.split('<div class="field wrong">')[1].split("</fieldset>")[0]
    assert "campaign.wrong" not in answer.text


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Small Latin letters"),
        ("zh-Hans", "只能用小写字母"),
        ("zh-Hant", "只能用小寫字母"),
    ],
)
def test_why_is_said_in_the_language_of_the_desk(
    owner: Browser, street: Street, locale: str, words: str
) -> None:
    owner.post("/language", locale=locale)
    answer = owner.post(
        "/group-buys", **{**TERMS, "variant_id": street.ours.variant, "key": "Tea Pots"}
    )
    assert words in answer.text


def test_an_offer_for_one_group_names_it(owner: Browser, street: Street) -> None:
    ours = _a_group(street, street.ours.merchant)
    theirs = _a_group(street, street.theirs.merchant)
    named = {**TERMS, "open_to_others": "", "shown": "named", "variant_id": street.ours.variant}
    for chats in ({}, {"chats": theirs}):
        answer = owner.post("/group-buys", **named, **chats)
        assert answer.status_code == 422
        assert '<select id="chats"' in answer.text.split('<div class="field wrong">')[1]
    made = owner.post("/group-buys", **named, chats=ours)
    assert made.status_code == 303
    page = owner.get(made.headers["location"].removeprefix("/console").split("?")[0])
    assert "Climbers" in page.text

"""What a merchant does in a day: looks, imports, ships, gives money back, answers (J4)."""

import os
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from bot.api.reads.orders import view_order
from bot.channels.rest import RestMetadata
from bot.console import uploads
from bot.web.scope import looking
from data.merchants import Merchant, StaffRole
from data.pools import PoolOffer, chip_in, pool_offer
from tests.bot.browser import Browser
from tests.bot.builders import a_payment, a_placed_order, settle, speak
from tests.bot.conftest import SignIn, Street
from tests.bot.console.routes import places

FEED = (
    "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tquantity\n"
    "mug-1\t杯子\t一个杯子\thttps://s.example/1\t\tin_stock\t39.00 CNY\t4\n"
    "mug-2\t大杯\t大的\thttps://s.example/2\t\tin_stock\tno price\t1\n"
)


def test_the_overview_counts_what_waits(owner: Browser, street: Street) -> None:
    page = owner.get("/").text
    assert "#1001" in page
    assert "Lan of ours" in page
    assert "waiting for a person" in page


def test_shipping_starts_in_the_packing_room(sign_in: SignIn) -> None:
    assert sign_in(StaffRole.SHIPPING).get("/").headers["location"] == "/console/parcels"


@pytest.mark.parametrize("tag", ["zh-Hans", "zh-Hant", "en"])
def test_a_colleague_chooses_a_language_and_keeps_it(owner: Browser, tag: str) -> None:
    owner.post("/language", locale=tag)
    words = {"zh-Hans": "订单", "zh-Hant": "訂單", "en": "Orders"}
    page = owner.get("/orders").text
    assert f'<html lang="{tag}">' in page
    assert f"<h1>{words[tag]}</h1>" in page


def test_a_feed_is_checked_first_and_imported_then(owner: Browser) -> None:
    """The dry run names the broken row; the good one is not there before it is confirmed."""
    checked = _upload(owner, FEED.encode())
    assert checked.status_code == 200
    assert "Not a price like 15.00 CNY." in unescape(checked.text)
    assert ">3<" in checked.text
    assert "mug-1" not in owner.get("/catalogue").text
    name = checked.text.split('name="upload" value="')[1].split('"')[0]
    assert owner.post("/catalogue/import/apply", upload=name).status_code == 303
    assert "mug-1" in owner.get("/catalogue").text
    assert owner.post("/catalogue/import/apply", upload=name).status_code == 404


@pytest.mark.parametrize("raw", [b"", b"<html>no feed</html>", b"\xff\xfe\x00", b"just words"])
def test_a_file_that_is_no_feed_is_said_so(owner: Browser, raw: bytes) -> None:
    answer = _upload(owner, raw)
    assert answer.status_code in (200, 422)
    assert "Traceback" not in answer.text
    assert 'name="upload"' not in answer.text or "Import now" not in answer.text


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 22, "%00", "a/b"])
def test_no_name_leads_out_of_the_uploads(owner: Browser, name: str) -> None:
    """T55: an upload is found by a token of ours, never by a path, and never served."""
    assert owner.post("/catalogue/import/apply", upload=name).status_code == 404


def test_an_upload_is_one_merchants_and_is_forgotten(owner: Browser, street: Street) -> None:
    """T11, T55"""
    checked = _upload(owner, FEED.encode())
    name = checked.text.split('name="upload" value="')[1].split('"')[0]
    theirs = Browser(owner.client.__class__(street.site, base_url="https://127.0.0.1"))
    theirs.client.headers["Sec-Fetch-Site"] = "same-origin"
    theirs.client.follow_redirects = False
    theirs.sign_in(street.theirs.emails[StaffRole.OWNER])
    assert theirs.post("/catalogue/import/apply", upload=name).status_code == 404
    folder = _uploads(street).folder
    (kept,) = folder.glob("*.feed")
    long_ago = street.tuanzi.clock.now().timestamp() - uploads.KEPT.total_seconds() - 1
    os.utime(kept, (long_ago, long_ago))
    _upload(owner, FEED.encode())
    assert kept not in set(folder.glob("*.feed"))


def test_an_order_is_called_off_and_its_money_goes_back(owner: Browser, street: Street) -> None:
    path = f"/orders/{street.ours.order}"
    assert "Cancel the order" in owner.get(path).text
    answer = owner.post(f"{path}/cancel")
    assert answer.headers["location"].endswith("?done=cancel_refunding")
    settle(street.tuanzi)
    assert "refunded" in owner.get(path).text
    assert "¥176.00" in owner.get(path).text


def test_a_part_is_refunded_once_however_often_the_form_is_sent(
    owner: Browser, street: Street
) -> None:
    """T37: never more than was captured; a reload is not a second refund."""
    path = f"/orders/{street.ours.order}"
    form = {"payment": street.ours.payment, "amount": "50", "once": "rf_0123456789abcdef"}
    for _ in range(2):
        assert owner.post(f"{path}/refund", **form).status_code == 303
    more = {**form, "amount": "126.01", "once": "rf_0123456789abcdeg"}
    refused = owner.post(f"{path}/refund", **more)
    assert refused.status_code == 422
    assert "more than is left" in refused.text
    assert owner.post(f"{path}/refund", **{**more, "amount": "1.005"}).status_code == 422
    assert owner.post(f"{path}/refund", **{**more, "amount": "-1"}).status_code == 422
    with looking(street.tuanzi.database, street.ours.merchant) as session:
        view = view_order(session, merchant_id=street.ours.merchant, order_id=street.ours.order)
        assert [refund.amount_minor for refund in view.refunds] == [5000]


def test_of_a_share_in_a_present_no_part_is_refunded_and_it_is_said_why(
    owner: Browser, street: Street
) -> None:
    now = street.tuanzi.clock.now()
    with street.tuanzi.database.transaction() as session:
        pool_id, who = street.ours.pool, street.ours.person
        given = chip_in(session, pool_id=pool_id, person_id=who, amount=None, now=now)
        order_id = given.order_id
    path, paid = f"/orders/{order_id}/refund", a_payment(street.tuanzi, order_id)
    form = {"payment": paid, "once": "rf_0123456789abcdef"}
    refused = owner.post(path, **form, amount="1")
    assert refused.status_code == 422
    assert "A share of a present that several pay for goes back whole" in refused.text
    assert owner.post(path, **form, amount="44").status_code == 303


def test_a_parcel_is_sent_and_leaves_the_packing_room(sign_in: SignIn, street: Street) -> None:
    packer = sign_in(StaffRole.SHIPPING)
    assert "Canary Road 7" in packer.get("/parcels").text
    answer = packer.post(f"/parcels/{street.ours.order}/ship", tracking="SF1")
    assert answer.status_code == 303
    assert "Canary Road 7" not in packer.get("/parcels").text


def test_an_address_is_shown_to_packers_only_and_only_while_there_is_something_to_pack(
    sign_in: SignIn, street: Street
) -> None:
    """T14: the canary stands in no other room, for no other role, nor for an unpaid order."""
    a_placed_order(street.tuanzi, street.ours.merchant, street.ours.person, street.ours.variant)
    owner = sign_in(StaffRole.OWNER)
    for place in places(street.site, street.ours):
        if place.method == "GET":
            page = owner.client.get(place.path, params={"new": street.ours.flows}).text
            assert page.count("Canary") == (1 if place.name == "list_parcels" else 0), place


def test_a_group_buy_is_started_and_paused(owner: Browser, street: Street) -> None:
    form = {
        "variant_id": street.ours.variant,
        "team_size": "2",
        "team_price": "50.00",
        "modes": "charge",
        "hours": "24",
        "days": "7",
        "per_person_limit": "1",
    }
    made = owner.post("/group-buys", **form)
    assert made.status_code == 303
    path = made.headers["location"].removeprefix("/console").split("?")[0]
    assert "¥50.00" in owner.get(path).text
    assert owner.post(f"{path}/pause").status_code == 303
    assert "paused" in owner.get(path).text
    assert owner.post(f"{path}/pause").status_code == 409
    assert owner.post(f"{path}/explode").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("team_price", "9999"),
        ("team_price", "1.005"),
        ("team_price", "much"),
        ("team_size", "1"),
        ("hours", "0"),
        ("days", ""),
        ("stock_limit", "1"),
        ("variant_id", "var_nobody"),
    ],
)
def test_a_term_that_makes_no_sense_is_marked_and_the_rest_is_kept(
    owner: Browser, street: Street, field: str, value: str
) -> None:
    form = {
        "variant_id": street.ours.variant,
        "team_size": "3",
        "team_price": "50",
        "modes": "charge",
        "hours": "25",
        "days": "7",
        field: value,
    }
    answer = owner.post("/group-buys", **form)
    assert answer.status_code == 422
    assert answer.text.count('<div class="field wrong">') == 1
    marked = answer.text.split('<div class="field wrong">')[1].split("</div>")[0]
    assert f'id="{field}"' in marked
    assert field == "hours" or 'value="25"' in answer.text


def test_the_teams_of_a_group_buy_are_counted(owner: Browser, street: Street) -> None:
    page = owner.get(f"/group-buys/{street.ours.campaign}").text
    assert "0/3" in page
    assert "open" in page


def test_a_person_answers_in_a_chat_and_hands_it_back(sign_in: SignIn, street: Street) -> None:
    agent = sign_in(StaffRole.AGENT)
    path = f"/chats/{street.ours.conversation}"
    assert street.ours.conversation in agent.get("/chats?waiting=true").text
    assert agent.post(f"{path}/answer", text="您好 <b>Lan</b>").status_code == 303
    page = agent.get(path).text
    assert "您好 &lt;b&gt;Lan&lt;/b&gt;" in page
    assert "Agent ·" in page
    assert page.index("您好 &lt;b&gt;") > page.index("我想找人工客服")
    assert page.count("您好 &lt;b&gt;") == 1
    assert agent.post(f"{path}/hand-back").status_code == 303
    assert street.ours.conversation not in agent.get("/chats?waiting=true").text
    assert agent.post(f"{path}/take-over").status_code == 303
    assert agent.post(f"{path}/answer", text="").status_code == 422


def test_the_inspector_shows_event_step_and_message(owner: Browser, street: Street) -> None:
    owner.post(f"/chats/{street.ours.conversation}/hand-back")
    about = RestMetadata(name="Lan", locale="zh-Hans")
    speak(street.tuanzi, street.ours.merchant, "我想挑个礼物", about=about)
    page = owner.get(f"/chats/{street.ours.conversation}/inspect").text
    for part in ("user_said", "step_entered", "gift_finder", "送给谁呢？", street.ours.flows[:7]):
        assert part in page


def test_the_ledger_balances(owner: Browser) -> None:
    page = owner.get("/ledger").text
    assert "Every entry sums to zero." in page
    assert "cash_in_transit:sandbox" in page


def test_a_page_that_is_not_there_is_a_page(owner: Browser) -> None:
    answer = owner.get("/orders/ord_nobody")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing here." in answer.text


def test_a_fault_of_ours_shows_no_traceback(owner: Browser, street: Street) -> None:
    """T47: neither code nor values reach the reader."""
    street.tuanzi.database.engine.dispose()
    path = street.tuanzi.database.engine.url.database
    assert path
    client = owner.client.__class__(
        street.site,
        base_url="https://127.0.0.1",
        raise_server_exceptions=False,
        cookies=owner.client.cookies,
    )
    with street.tuanzi.database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE orders RENAME TO lost")
    answer = client.get("/console/orders")
    assert answer.status_code == 500
    assert "lost" not in answer.text
    assert "SELECT" not in answer.text
    with street.tuanzi.database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE lost RENAME TO orders")


def _upload(owner: Browser, raw: bytes):  # type: ignore[no-untyped-def]  # an httpx.Response
    return owner.client.post(
        "/console/catalogue/import",
        data={"csrf": owner.token},
        files={"feed": ("feed.tsv", raw, "text/tab-separated-values")},
    )


def _uploads(street: Street) -> uploads.Uploads:
    file = street.tuanzi.database.engine.url.database
    assert file
    return uploads.Uploads(Path(file).parent / "uploads")


def test_a_pooled_gift_is_seen_without_its_secret_and_called_off(
    owner: Browser, street: Street
) -> None:
    page = owner.get("/pools").text
    assert "CN¥0" in page
    assert "Mei" not in page  # whom it is for
    assert street.theirs.pool not in page
    assert owner.post(f"/pools/{street.ours.pool}/cancel").status_code == 303
    assert "called off" in owner.get("/pools").text
    assert owner.post(f"/pools/{street.ours.pool}/cancel").status_code == 409
    assert owner.post(f"/pools/{street.theirs.pool}/cancel").status_code == 404


def test_pooled_gifts_of_one_state_are_shown_alone(owner: Browser, street: Street) -> None:
    place = f"/pools/{street.ours.pool}/cancel"
    assert place in owner.get("/pools").text
    assert place in owner.get("/pools?state=open").text
    assert place not in owner.get("/pools?state=ordered").text
    assert place in owner.get("/pools?state=lost").text  # no such state: all of them


def test_whether_pooled_gifts_are_offered_is_set_and_a_senseless_time_is_not(
    owner: Browser, street: Street
) -> None:
    def offer() -> PoolOffer:
        with street.tuanzi.database.reading() as session:
            return pool_offer(session.get_one(Merchant, street.ours.merchant))

    assert owner.post("/pools/offer", offered="true", longest_days="3").status_code == 303
    assert offer() == PoolOffer(is_open=True, longest=timedelta(days=3))
    for odd in ("0", "15", "soon", "", "9" * 30):
        answer = owner.post("/pools/offer", longest_days=odd)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert offer().is_open
    assert owner.post("/pools/offer", longest_days="3").status_code == 303
    assert offer() == PoolOffer(is_open=False, longest=timedelta(days=3))
    assert "Not offered" in owner.get("/pools").text

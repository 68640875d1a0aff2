"""The doors of a bill under hostile hands: odd methods, sizes, words and cookies; what is shown to
a person when they are refused, and what stays as it was."""

import re

import pytest
from sqlalchemy import update

from bot.pages.payers import PAYER_COOKIE
from bot.pages.visitors import TRIP_COOKIE
from bot.web.wording import words
from data.kernel.database import Base
from data.kernel.locales import Locale
from data.merchants import Merchant
from data.orders.taxes import Tax, percent_of, set_tax
from data.payments.gateway import PayBy
from tests.bot.open_demo import Demo, a_browser
from tests.bot.pages.shop_account import Place, connect
from tests.bot.pages.test_codes import a_coupon, order_of, use
from tests.bot.pages.test_pay import contents, look

CARD, SCAN = Place("stripe", PayBy.LINK), Place("wechat_pay", PayBy.QR)
PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
MARKUP = '<img src=x onerror="alert(1)">"\'><script>alert(1)</script>'
DOORS = ("", "/go", "/code.svg", "/code", "/credit", "/sandbox", "/with/pac_x", "/as/pac_x")


@pytest.mark.parametrize("door", DOORS)
def test_other_methods_do_nothing_and_are_as_private_t43(demo: Demo, door: str) -> None:
    token = demo.a_bill()
    before = contents(demo)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        answer = demo.client.request(method, f"/pay/{token}{door}")
        assert answer.status_code == 405
        assert answer.headers["Allow"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert contents(demo) == before


def test_every_page_on_the_way_is_private_and_names_nobody_its_path(demo: Demo) -> None:
    token = demo.a_bill()
    (scan,) = connect(demo, SCAN)
    demo.client.post(f"/pay/{token}/with/{scan}")
    paths = ("", "/go", "/code.svg", "/with/pac_x", "/nothing")
    answers = [demo.client.get(f"/pay/{token}{path}") for path in paths]
    assert [one.status_code for one in answers] == [200, 200, 200, 405, 404]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] in ("same-origin", "strict-origin")


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(
    ("asked", "headers", "status", "reason"),
    [
        ("GET /nothing", {}, 404, "not_found"),
        ("POST /credit", {"Sec-Fetch-Site": "cross-site"}, 403, "foreign"),
        ("POST /with/pac_x", {}, 404, "way_gone"),
        ("DELETE ", {}, 405, "trouble"),
        ("POST /sandbox", {}, 422, "trouble"),
    ],
)
def test_who_reads_gets_a_page_and_a_program_a_code(
    demo: Demo, locale: Locale, asked: str, headers: dict[str, str], status: int, reason: str
) -> None:
    method, _, door = asked.partition(" ")
    path = f"/pay/{demo.a_bill()}{door}"
    reads = {**PERSON, "Accept-Language": locale.value, **headers}
    page = demo.client.request(method, path, headers=reads)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert f"<h1>{words(locale).gettext(f'pay.sorry.{reason}')}</h1>" in page.text
    assert "pay.sorry" not in page.text
    assert "error" in demo.client.request(method, path, headers=headers).json()


def test_who_looks_too_often_is_told_to_wait_t08(demo: Demo) -> None:
    for number in range(20):
        demo.client.get(f"/pay/{number:022d}")
    page = demo.client.get(f"/pay/{demo.a_bill()}", headers=PERSON)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "60")
    assert "Wait a minute" in page.text


@pytest.mark.parametrize(
    "token", ["%00", "..%2f..", "a" * 5000, "%0d%0aSet-Cookie:x=1", "团", "%ff%fe", "back", " "]
)
@pytest.mark.parametrize("door", ["", "/go", "/as/pac_x"])
def test_a_token_that_is_none_leads_nowhere(demo: Demo, token: str, door: str) -> None:
    answer = demo.client.get(f"/pay/{token}{door}")
    assert answer.status_code in (404, 422)
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("key", ["%00", "a" * 5000, "'--", "团"])
def test_a_return_that_is_none_is_told_so(demo: Demo, key: str) -> None:
    assert demo.client.get(f"/pay/back/{key}").status_code in (404, 422)


def test_a_huge_query_is_not_shown_and_changes_nothing(demo: Demo) -> None:
    token = demo.a_bill()
    page = demo.client.get(f"/pay/{token}?code={'CANARY' * 9000}&wechat=CANARY&x[]=CANARY")
    assert page.status_code == 200
    assert "CANARY" not in page.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"code=" + b"9" * 300_000, "application/x-www-form-urlencoded", {413}),
        (b"&".join(b"f%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded", {400}),
        (b'{"code": "SPRING"}', "application/json", {303}),  # says nothing: no code was typed
        (b"\xff\xfe\x00code=1", "application/x-www-form-urlencoded", {303, 422}),
        (b"code=%00%ff%ED%A0%80", "application/x-www-form-urlencoded", {303, 422}),
        (b"code=" + b"9" * 61, "application/x-www-form-urlencoded", {422}),
        (b"--x\r\nno part", "multipart/form-data; boundary=x", {400, 303}),
        (b"code=1", "text/html", {303}),
    ],
)
def test_a_form_that_is_none_takes_no_code(
    demo: Demo, body: bytes, kind: str, status: set[int]
) -> None:
    token = demo.a_bill()
    total = order_of(demo).due
    answer = demo.client.post(f"/pay/{token}/code", content=body, headers={"Content-Type": kind})
    assert answer.status_code in status
    assert order_of(demo).due == total


def test_t21_markup_in_every_shown_field_is_text(demo: Demo) -> None:
    """Shop, product, variant, coupon and tax: in the bill and on the way to a provider."""
    token = demo.a_bill(Locale.EN)
    (scan,) = connect(demo, SCAN)
    a_coupon(demo, percent_off=10)
    use(demo, token, "SPRING")
    with demo.tuanzi.database.transaction() as session:
        for shop in session.query(Merchant):
            set_tax(shop, Tax(percent_of("20"), included=True, name={"en": MARKUP}))
            shop.name = {"en": MARKUP, "zh-Hans": MARKUP}
        tables = Base.metadata.tables
        lines, charges = tables["order_lines"], tables["order_charges"]
        session.execute(update(lines).values(title={"en": MARKUP}, image=f"/x/{MARKUP}"))
        session.execute(update(charges).values(name={"en": MARKUP}))
        session.execute(update(tables["orders"]).values(number="<b>1</b>"))
    demo.client.post(f"/pay/{token}/with/{scan}")
    pages = [look(demo, token), demo.client.get(f"/pay/{token}/go").text]
    for page in pages:
        assert "<script" not in page
        assert "<b>1</b>" not in page
        assert "&lt;script&gt;" in page
        tags = re.findall(r"<img[^>]*>", page)
        assert not [tag for tag in tags if "onerror=" in tag and "&#34;" not in tag]


@pytest.mark.parametrize("value", ["", "x" * 4000, "a.b", "%00", '"><script>', "gAAAAA=="])
def test_cookies_that_somebody_made_up_are_nobodys(demo: Demo, value: str) -> None:
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    cookies = "; ".join(f"{name}={value}" for name in (PAYER_COOKIE, TRIP_COOKIE, "__Host-tz-pay"))
    wechat = {"User-Agent": "Mobile MicroMessenger/8", "Cookie": cookies}
    assert demo.client.get(f"/pay/{token}", headers=wechat).status_code == 200
    chosen = demo.client.post(f"/pay/{token}/with/{card}", headers=wechat)
    assert chosen.headers["location"] == f"/pay/{token}/go"
    away = demo.client.get("/wechat/wx_nobody/oauth/return?code=1&state=2", headers=wechat)
    assert away.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:81", ""])
@pytest.mark.parametrize("door", ["/credit", "/code", "/sandbox", "/with/pac_x"])
def test_an_old_browser_presses_nothing_for_another_page_either_t42(
    demo: Demo, origin: str, door: str
) -> None:
    path, form = f"/pay/{demo.a_bill()}{door}", {"outcome": "approved", "code": "X"}
    foreign = demo.client.post(path, data=form, headers={"Origin": origin})
    assert foreign.status_code == 403
    ours = demo.client.post(path, data=form, headers={"Origin": "http://127.0.0.1"})
    assert ours.status_code != 403


def test_a_trip_cookie_names_no_way_out_of_our_pages_t44(demo: Demo) -> None:
    """What stands in it is their own word: only a bill's own form is linked to."""
    for told in ("//evil.example", "pay.//evil.example.pac_0", "pay." + "a" * 22 + ".evil"):
        cookie = f"{TRIP_COOKIE}={'a' * 22}.{told}"
        away = a_browser(demo.client.app).get(
            "/wechat/wx_nobody/oauth/return?code=1&state=2", headers={"Cookie": cookie}
        )
        assert away.status_code == 403
        assert "evil" not in away.text


@pytest.mark.parametrize(
    ("account", "body", "status"),
    [
        ("pac_nobody", b"{}", 404),
        ("%00", b"{}", 422),
        ("a" * 5000, b"{}", 404),
        ("..%2f..", b"{}", 404),
        ("pac_nobody", b"x" * (1024 * 1024 + 1), 413),
    ],
)
def test_notices_to_nobody_are_told_nothing_t01(
    demo: Demo, account: str, body: bytes, status: int
) -> None:
    before = contents(demo)
    answer = demo.client.post(f"/webhooks/payments/{account}", content=body)
    assert answer.status_code == status
    assert contents(demo) == before


def test_a_notices_door_knows_one_method_and_one_kind_of_words_t01(demo: Demo) -> None:
    demo.a_bill()
    (card,) = connect(demo, CARD)
    door = f"/webhooks/payments/{card}"
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        assert demo.client.request(method, door).status_code == 405
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        refused = demo.client.post(door, content=b"{}", headers={"Content-Type": kind})
        assert refused.status_code == 415
        assert refused.headers["Cache-Control"] == "no-store"

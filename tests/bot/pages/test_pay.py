"""The pay page: honest, harmless to open, deaf to what a form says about money."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.demo.clock import clock_of, settle, turn
from bot.web.headers import PAY_POLICY
from bot.web.wording import words
from data.catalogue import Variant, release_hold
from data.delivery.models import OutboxRow
from data.kernel.database import Base
from data.kernel.locales import Locale
from data.orders import Order, OrderKind
from data.payments import AttemptState, PaymentAttempt, revoke_links
from data.payments.sandbox_models import SandboxPayment
from tests.bot.open_demo import CANARY, Demo, a_browser


def look(demo: Demo, token: str) -> str:
    """The page, a little later: thirty looks a minute are enough for a person."""
    clock_of(demo.tuanzi).advance(timedelta(seconds=5))
    page = demo.client.get(f"/pay/{token}")
    assert page.status_code == 200
    return page.text


def play(demo: Demo, token: str, outcome: str, **fields: str) -> str:
    """Press a button of the simulated bank; gives where it leads."""
    answer = demo.client.post(f"/pay/{token}/sandbox", data={"outcome": outcome, **fields})
    asyncio.run(settle(demo.tuanzi))
    assert answer.status_code == 303
    return answer.headers["location"]


def count_rows(demo: Demo) -> dict[str, int]:
    with demo.tuanzi.database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def contents(demo: Demo) -> list[list[tuple[object, ...]]]:
    """Every row of every table."""
    with demo.tuanzi.database.reading() as session:
        return [
            [tuple(row) for row in session.execute(table.select())]
            for table in Base.metadata.sorted_tables
        ]


@pytest.mark.parametrize(
    ("locale", "words", "until"),
    [
        (Locale.ZH_HANS, "等待付款", r"为你保留到中国时间 [^<]*\d\d?:\d\d。"),
        (Locale.ZH_HANT, "等待付款", r"為你保留到中國時間 [^<]*\d\d?:\d\d。"),
        (Locale.EN, "Waiting", r"Held for you until [^<]*\d\d?:\d\d[^<]* \(China Time\)\."),
    ],
)
def test_the_page_is_in_the_buyers_language(
    demo: Demo, locale: Locale, words: str, until: str
) -> None:
    page = look(demo, demo.a_bill(locale))
    assert f'<html lang="{locale}">' in page
    assert words in page
    assert re.search(until, page)  # and in which zone its hour is told
    assert "pay." not in re.sub(r"/[\w/.-]*pay\.css", "", page)


def test_the_page_runs_no_script_and_shows_no_address_t14(demo: Demo) -> None:
    page = look(demo, demo.a_bill())
    assert "<script" not in page
    assert CANARY.line not in page
    assert CANARY.name not in page


def test_a_hundred_looks_change_nothing_t10(demo: Demo) -> None:
    token = demo.a_bill()
    before = contents(demo)
    for _ in range(100):
        look(demo, token)
        assert demo.client.head(f"/pay/{token}").status_code == 200
    assert contents(demo) == before
    assert "outcome" in look(demo, token)


def test_guesses_all_look_the_same_and_then_end_t08(demo: Demo) -> None:
    real = demo.a_bill()
    answers = [demo.client.get(f"/pay/{number:022d}") for number in range(300)]
    codes = [answer.status_code for answer in answers]
    assert codes == [404] * 20 + [429] * 280
    assert len({answer.text for answer in answers[:20]}) == 1
    assert demo.client.get(f"/pay/{real}").status_code == 429
    other = a_browser(demo.client.app)
    assert other.get(f"/pay/{real}").status_code == 200


def test_guesses_at_the_bank_are_counted_too_t08(demo: Demo) -> None:
    codes = [
        demo.client.post(f"/pay/{number:022d}/sandbox", data={"outcome": "approved"}).status_code
        for number in range(40)
    ]
    assert codes == [404] * 20 + [429] * 20


def test_what_a_form_says_about_money_is_not_read_t33(demo: Demo) -> None:
    token = demo.a_bill()
    play(demo, token, "approved", amount="1", amount_minor="1", total="0.01", currency="JPY")
    with demo.tuanzi.database.reading() as session:
        attempt = session.scalars(select(PaymentAttempt)).one()
        order = session.get_one(Order, attempt.order_id)
    assert attempt.state == AttemptState.CAPTURED
    assert (attempt.captured_minor, attempt.currency) == (order.total_minor, order.currency)


@pytest.mark.parametrize("query", ["next=//evil.example", "next=/%5Cevil", "url=%09//evil", ""])
def test_after_paying_one_is_back_at_ones_own_bill_t44(demo: Demo, query: str) -> None:
    token = demo.a_bill()
    answer = demo.client.post(f"/pay/{token}/sandbox?{query}", data={"outcome": "approved"})
    assert answer.headers["location"] == f"/pay/{token}?asked=1"


@pytest.mark.parametrize("outcome", ["approved", "lost", "twice"])
def test_a_paid_bill_says_so_and_can_not_be_paid_again(demo: Demo, outcome: str) -> None:
    token = demo.a_bill(Locale.EN)
    play(demo, token, outcome)
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(minutes=15)))
    page = look(demo, token)
    assert "Paid, thank you" in page
    assert "outcome" not in page
    play(demo, token, "approved")
    with demo.tuanzi.database.reading() as session:
        captured = select(func.count()).where(PaymentAttempt.state == AttemptState.CAPTURED)
        assert session.scalar(captured) == 1


@pytest.mark.parametrize(
    ("locale", "declined", "paid"),
    [
        (Locale.ZH_HANS, "银行拒绝了这次付款，没有扣款。可以再试一次。", "已付款，谢谢"),
        (Locale.ZH_HANT, "銀行拒絕了這次付款，並沒有扣款。可以再試一次。", "已付款，謝謝"),
        (Locale.EN, "declined the payment and nothing was charged. You can try again.", "Paid, th"),
    ],
)
def test_a_declined_payment_charged_nothing_and_the_next_try_pays(
    demo: Demo, locale: Locale, declined: str, paid: str
) -> None:
    token = demo.a_bill(locale)
    page = demo.client.get(play(demo, token, "declined")).text
    assert declined in page
    assert f'action="/pay/{token}/sandbox"' in page
    assert (charged(demo), said(demo)) == (0, ["utter_payment_failed"])
    page = demo.client.get(play(demo, token, "approved")).text
    assert paid in page
    assert declined not in page
    assert (charged(demo), said(demo)) == (1, ["utter_payment_failed", "utter_receipt"])


def test_each_declined_try_is_told_in_the_chat_and_the_last_one_still_pays(demo: Demo) -> None:
    token = demo.a_bill()
    for outcome in ("declined", "declined", "approved"):
        play(demo, token, outcome)
    assert charged(demo) == 1
    assert said(demo) == ["utter_payment_failed", "utter_payment_failed", "utter_receipt"]


def charged(demo: Demo) -> int:
    with demo.tuanzi.database.reading() as session:
        taken = select(func.count()).where(SandboxPayment.status == AttemptState.CAPTURED)
        return session.scalar(taken) or 0


def said(demo: Demo) -> list[str | None]:
    """What the chat heard, in order."""
    with demo.tuanzi.database.reading() as session:
        return list(session.scalars(select(OutboxRow.response).order_by(OutboxRow.id)))


def test_a_late_bank_has_not_decided_and_then_it_has(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    where = play(demo, token, "late")
    assert "The bank has not decided yet" in demo.client.get(where).text
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(minutes=3)))
    assert "Paid, thank you" in look(demo, token)


def test_a_bill_nobody_paid_is_closed_and_says_that_nothing_was_charged(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(hours=1)))
    page = look(demo, token)
    assert "Nothing was charged" in page
    assert "outcome" not in page


def test_a_closed_link_says_so_and_no_more(demo: Demo) -> None:
    token = demo.a_bill()
    with demo.tuanzi.database.transaction() as session:
        order = session.scalars(select(Order)).one()
        revoke_links(session, order_id=order.id, now=demo.tuanzi.clock.now())
    answer = demo.client.get(f"/pay/{token}", headers={"Accept-Language": "en"})
    assert answer.status_code == 410
    assert order.number not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_press_the_banks_buttons_t42(demo: Demo, site: str) -> None:
    token, before = demo.a_bill(), count_rows(demo)["payment_attempts"]
    headers = {"Sec-Fetch-Site": site}
    form = {"outcome": "approved"}
    answer = demo.client.post(f"/pay/{token}/sandbox", data=form, headers=headers)
    assert answer.status_code == 403
    assert count_rows(demo)["payment_attempts"] == before


def test_without_the_simulated_bank_nobody_can_play_it_t34(demo: Demo) -> None:
    token = demo.a_bill()
    demo.tuanzi.gateways.house.clear()  # as bot/app.py builds production
    assert "outcome" not in look(demo, token)
    answer = demo.client.post(f"/pay/{token}/sandbox", data={"outcome": "approved"})
    assert answer.status_code == 403


@pytest.mark.parametrize("outcome", ["", "free", "approved "])
def test_the_bank_knows_only_its_own_outcomes(demo: Demo, outcome: str) -> None:
    token = demo.a_bill()
    answer = demo.client.post(f"/pay/{token}/sandbox", data={"outcome": outcome})
    assert answer.status_code == 422


def test_every_answer_is_private_and_cannot_be_framed_t43(demo: Demo) -> None:
    token = demo.a_bill()
    pages = [demo.client.get(f"/pay/{which}") for which in (token, "nothing")]
    for page in pages:
        assert page.headers["Content-Security-Policy"] == PAY_POLICY
    refused = demo.client.post(f"/pay/{token}/sandbox", data={"outcome": "no"})
    wrong = demo.client.delete(f"/pay/{token}")
    for answer in (*pages, refused, wrong):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_name_in_the_catalogue_is_text_on_the_page_t21(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    with demo.tuanzi.database.transaction() as session:
        lines = Base.metadata.tables["order_lines"]
        hostile = '<img src=x onerror="alert(1)">"><script>alert(1)</script>'
        session.execute(lines.update().values(title={"en": hostile}))
    page = look(demo, token)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_goods_that_went_to_somebody_else_are_not_offered_to_be_paid(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    with demo.tuanzi.database.transaction() as session:
        order = session.scalars(select(Order)).one()
        release_hold(session, owner_ref=order.stock_ref, now=demo.tuanzi.clock.now())
        for variant in session.scalars(select(Variant)):
            variant.on_hand = variant.held
    page = look(demo, token)
    assert "Sold out in the meantime" in page
    assert "outcome" not in page


def test_a_place_in_a_group_that_was_not_paid_says_so(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    with demo.tuanzi.database.transaction() as session:
        session.scalars(select(Order)).one().kind = OrderKind.GROUP
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(hours=1)))
    assert "the group is over" in look(demo, token)


@pytest.mark.parametrize("locale", list(Locale))
def test_a_place_in_a_team_says_what_becomes_of_the_money(demo: Demo, locale: Locale) -> None:
    token, note = demo.a_bill(locale), words(locale).gettext("pay.for_a_team")
    assert note not in look(demo, token)
    with demo.tuanzi.database.transaction() as session:
        session.scalars(select(Order)).one().kind = OrderKind.GROUP
    assert note in look(demo, token)


def test_while_the_bank_is_asked_the_page_looks_again_by_itself_and_else_it_lies_still(
    demo: Demo,
) -> None:
    """Whoever types a code, or reads, is not interrupted."""
    token = demo.a_bill(Locale.EN)
    assert "http-equiv" not in look(demo, token)
    play(demo, token, "lost")
    page = look(demo, token)
    assert "Asking the bank" in page
    assert '<meta http-equiv="refresh" content="10">' in page
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(minutes=15)))
    paid = look(demo, token)
    assert "Paid, thank you" in paid
    assert "http-equiv" not in paid


@pytest.mark.parametrize("locale", list(Locale))
def test_an_order_that_is_over_says_where_to_go_on(demo: Demo, locale: Locale) -> None:
    token = demo.a_bill(locale)
    note = words(locale).gettext("pay.over_note")
    assert note not in look(demo, token)
    asyncio.run(turn(demo.tuanzi, to=demo.tuanzi.clock.now() + timedelta(hours=1)))
    assert note in look(demo, token)

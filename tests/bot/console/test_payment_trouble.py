"""What of a shop's money waits for a person, in the console: seen, decided, written down."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.app import Tuanzi
from bot.console.pages import ROOT
from data.kernel.locales import Locale
from data.merchants import StaffRole
from data.payments import (
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentNotice,
    QuarantineMove,
    Refund,
    RefundState,
)
from data.payments.invoices import TELEGRAM
from tests.bot.browser import Browser
from tests.bot.builders import Names, settle
from tests.bot.conftest import SignIn, Street
from tests.bot.console.money_trouble import (
    a_dead_job,
    a_dead_question,
    a_failed_refund,
    a_standstill,
    an_odd_notice,
    mend,
)

ROOM = "/payments"
Trouble = Callable[[Tuanzi, Names], str]


@pytest.mark.parametrize("locale", list(Locale))
def test_each_kind_is_told_and_leads_to_its_order(
    owner: Browser, street: Street, locale: Locale
) -> None:
    owner.post("/language", locale=locale)
    assert "banner good" in owner.get(ROOM).text
    assert f'href="{ROOT}{ROOM}">' not in alarm(owner)
    a_standstill(street.tuanzi, street.ours)
    an_odd_notice(street.tuanzi, street.ours)
    a_failed_refund(street.tuanzi, street.ours)
    a_dead_question(street.tuanzi, street.ours)
    page = owner.get(ROOM).text
    entries = page.split('<section class="problems"')[1].split("</section>")[0].split("<li")[1:]
    assert len(entries) == 4
    with street.tuanzi.database.reading() as session:
        standing = session.scalars(
            select(PaymentAttempt).where(PaymentAttempt.quarantine.is_not(None))
        ).one()
    assert f"/orders/{standing.order_id}" in entries[0]
    assert "12.34" in entries[0]
    assert "their-&lt;b&gt;-name" in entries[0]  # T21
    for entry in entries[1:]:
        assert f"/orders/{street.ours.order}" in entry
    assert "12.34" in entries[2]
    assert "OperationalError" in entries[3]
    assert "trouble." not in page
    assert "4" in alarm(owner)
    mend(street.tuanzi)


def alarm(browser: Browser) -> str:
    """What stands on the overview before the figures."""
    return browser.get("/").text.split("<h1>")[1].split("<section")[0]


def test_nothing_that_a_provider_sent_is_shown_raw(owner: Browser, street: Street) -> None:
    an_odd_notice(street.tuanzi, street.ours)
    for path in (ROOM, "/", f"/orders/{street.ours.order}"):
        assert "canary" not in owner.get(path).text


def test_the_owner_has_the_provider_asked_again(owner: Browser, street: Street) -> None:
    attempt = a_standstill(street.tuanzi, street.ours)
    answer = owner.post(f"{ROOM}/ask", name=attempt)
    assert answer.headers["location"] == f"{ROOT}{ROOM}?done=provider_asked"
    settle(street.tuanzi)
    with street.tuanzi.database.reading() as session:
        asked = session.get_one(PaymentAttempt, attempt)
        assert (asked.quarantine, asked.state) == (None, AttemptState.PENDING)
        by = [(move.deed, move.by) for move in session.scalars(select(QuarantineMove))]
    assert by == [("set_aside", ""), ("asked_again", "owner@ours.example")]
    page = owner.get(ROOM).text
    assert "owner@ours.example" in page, "who decided stays on the page"
    assert owner.post(f"{ROOM}/ask", name=attempt).status_code == 409


def test_a_provider_that_answers_no_questions_is_not_asked(owner: Browser, street: Street) -> None:
    """Its silence would look as if nothing had been taken."""
    assert TELEGRAM in street.tuanzi.gateways.house
    attempt = a_standstill(street.tuanzi, street.ours, provider=TELEGRAM)
    page = owner.get(ROOM).text
    assert "answers no questions" in page
    assert f"{ROOM}/ask" not in page
    assert owner.post(f"{ROOM}/ask", name=attempt).status_code == 409
    with street.tuanzi.database.reading() as session:
        assert session.get_one(PaymentAttempt, attempt).quarantine == "currency"


def test_a_notice_is_looked_at_and_leaves_the_list(owner: Browser, street: Street) -> None:
    notice = an_odd_notice(street.tuanzi, street.ours)
    assert owner.post(f"{ROOM}/notices/dismiss", number=notice).status_code == 303
    assert owner.post(f"{ROOM}/notices/dismiss", number=notice).status_code == 404
    with street.tuanzi.database.reading() as session:
        assert session.get_one(PaymentNotice, int(notice)).state == NoticeState.IGNORED
    assert "banner good" in owner.get(ROOM).text


def test_a_refund_that_failed_is_tried_again_once(owner: Browser, street: Street) -> None:
    refund = a_failed_refund(street.tuanzi, street.ours)
    page = owner.get(ROOM).text
    assert f'action="{ROOT}/orders/{street.ours.order}/given-back"' in page
    for _ in range(2):
        assert owner.post(f"{ROOM}/refunds/retry", name=refund).status_code == 303
    settle(street.tuanzi)
    with street.tuanzi.database.reading() as session:
        (again,) = session.scalars(select(Refund).where(Refund.retry_of == refund))
        assert again.state == RefundState.SUCCEEDED
    assert "banner good" in owner.get(ROOM).text
    assert owner.post(f"{ROOM}/refunds/retry", name=again.id).status_code == 409


def test_a_dead_job_runs_again(owner: Browser, street: Street) -> None:
    number = a_dead_job(street.tuanzi, street.ours)
    assert "was not sent" in owner.get(ROOM).text
    assert owner.post(f"{ROOM}/jobs/again", number=number).status_code == 303
    assert owner.post(f"{ROOM}/jobs/again", number=number).status_code == 404
    settle(street.tuanzi)
    with street.tuanzi.database.reading() as session:
        assert session.scalars(select(Refund.state)).all() == [RefundState.SUCCEEDED]


def test_a_manager_tries_again_but_does_not_judge(sign_in: SignIn, street: Street) -> None:
    attempt, notice = (
        a_standstill(street.tuanzi, street.ours),
        an_odd_notice(street.tuanzi, street.ours),
    )
    manager = sign_in(StaffRole.MANAGER)
    page = manager.get(ROOM).text
    assert f"{ROOM}/ask" not in page
    assert f"{ROOM}/notices/dismiss" not in page
    assert manager.post(f"{ROOM}/ask", name=attempt).status_code == 403
    assert manager.post(f"{ROOM}/notices/dismiss", number=notice).status_code == 403
    assert f"{ROOT}{ROOM}" in alarm(manager)
    assert f"{ROOT}{ROOM}" not in alarm(sign_in(StaffRole.AGENT))
    refund = a_failed_refund(street.tuanzi, street.ours)
    assert manager.post(f"{ROOM}/refunds/retry", name=refund).status_code == 303
    settle(street.tuanzi)


@pytest.mark.parametrize(
    ("path", "field", "trouble"),
    [
        ("ask", "name", a_standstill),
        ("refunds/retry", "name", a_failed_refund),
        ("notices/dismiss", "number", an_odd_notice),
        ("jobs/again", "number", a_dead_job),
    ],
)
def test_t11_t42_nobody_elses_and_never_without_the_token(
    owner: Browser, street: Street, path: str, field: str, trouble: Trouble
) -> None:
    name = trouble(street.tuanzi, street.theirs)
    assert owner.post(f"{ROOM}/{path}", **{field: name}).status_code == 404
    assert "banner good" in owner.get(ROOM).text
    assert alarm(owner).count("role=") == 0
    for odd in ("", "x" * 33, "-1", str(2**63)):
        assert owner.post(f"{ROOM}/{path}", **{field: odd}).status_code in (404, 422)
    owner.token = ""
    assert owner.post(f"{ROOM}/{path}", **{field: name}).status_code == 403
    mend(street.tuanzi)

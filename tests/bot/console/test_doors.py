"""Signing in and out: no session survives where it must not, nobody learns who works here."""

from datetime import timedelta

import pytest

from bot.console.desk import COOKIE, VISITOR_COOKIE
from data.kernel.clock import TurnableClock
from data.merchants import StaffRole, staff
from tests.bot.browser import Browser, form_token
from tests.bot.client import TestClient
from tests.bot.conftest import OURS, SignIn, Street


def test_the_right_password_opens_the_console(visitor: TestClient, street: Street) -> None:
    answer = Browser(visitor).sign_in(street.ours.emails[StaffRole.OWNER])
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert visitor.get("/console/").status_code == 200


def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts(
    visitor: TestClient, street: Street
) -> None:
    """T41, T42: `__Host-`, Secure, HttpOnly, SameSite=Lax, the whole path, and no domain."""
    answer = Browser(visitor).sign_in(street.ours.emails[StaffRole.OWNER])
    (cookie,) = [
        value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{COOKIE}=")
    ]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax", "secure"}


def test_an_id_from_before_sign_in_is_never_kept(visitor: TestClient, street: Street) -> None:
    """T41: what an attacker planted as a session id is not the id after log-in."""
    visitor.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1", path="/")
    Browser(visitor).sign_in(street.ours.emails[StaffRole.OWNER])
    theirs = TestClient(street.site, base_url="https://127.0.0.1", follow_redirects=False)
    theirs.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1", path="/")
    assert theirs.get("/console/orders").headers["location"] == "/console/sign-in"


def test_signing_in_again_gives_a_new_id_and_ends_the_old_one(
    owner: Browser, street: Street
) -> None:
    """T41"""
    old = owner.client.cookies[COOKIE]
    owner.sign_in(street.ours.emails[StaffRole.OWNER])
    assert owner.client.cookies[COOKIE] != old
    assert not _opens(street, old)


def test_after_signing_out_the_id_opens_nothing(owner: Browser, street: Street) -> None:
    """T41: revoked in the database, not only forgotten by the browser."""
    token = owner.client.cookies[COOKIE]
    assert owner.post("/sign-out").status_code == 303
    assert not _opens(street, token)


def test_another_role_ends_every_session(owner: Browser, street: Street) -> None:
    """T41: a session must not carry the rights of yesterday."""
    with street.tuanzi.database.transaction() as session:
        colleague = staff.find_staff(session, email=street.ours.emails[StaffRole.OWNER])
        assert colleague is not None
        staff.change_role(
            session,
            staff_id=colleague.id,
            role=StaffRole.AGENT,
            now=street.tuanzi.clock.now(),
        )
    assert owner.get("/orders").headers["location"] == "/console/sign-in"


@pytest.mark.parametrize(
    ("idle", "steps"),
    [(timedelta(hours=2), 1), (timedelta(minutes=90), 8)],
    ids=["idle two hours", "twelve hours old, never idle"],
)
def test_a_session_ends_by_itself(
    owner: Browser, street: Street, idle: timedelta, steps: int
) -> None:
    """T41: idle 2 h, absolute 12 h."""
    clock = street.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    for _ in range(steps - 1):
        clock.advance(idle)
        assert owner.get("/orders").status_code == 200
    clock.advance(idle)
    assert owner.get("/orders").headers["location"] == "/console/sign-in"


def test_a_form_sent_after_the_session_ended_is_not_taken_for_done(
    owner: Browser, street: Street
) -> None:
    clock = street.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(timedelta(hours=3))
    assert owner.post(f"/orders/{street.ours.order}/cancel").status_code == 401


def test_a_wrong_password_and_an_unknown_name_look_the_same(
    visitor: TestClient, street: Street
) -> None:
    """T50: one text and one status; only the name that was typed comes back."""
    known, unknown = street.ours.emails[StaffRole.OWNER], "nobody@ours.example"
    pages = []
    for email in (known, unknown):
        answer = Browser(visitor).sign_in(email, "this is not the password")
        pages.append((answer.status_code, answer.text.replace(email, "…")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 401


def test_the_sixth_guess_at_an_account_is_not_even_looked_at(
    visitor: TestClient, street: Street
) -> None:
    """T50: 5 in 15 minutes; then even the right password waits, known or not."""
    clock = street.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    email = street.ours.emails[StaffRole.MANAGER]
    statuses = [Browser(visitor).sign_in(email, "wrong").status_code for _ in range(5)]
    assert statuses == [401] * 5
    assert Browser(visitor).sign_in(email).status_code == 429
    clock.advance(timedelta(minutes=15))
    assert Browser(visitor).sign_in(email).status_code == 303


def test_an_address_that_guesses_at_many_accounts_is_stopped(
    visitor: TestClient, street: Street
) -> None:
    """T50: the limit counts per address too."""
    for number in range(5):
        Browser(visitor).sign_in(f"guess{number}@ours.example", "wrong")
    assert Browser(visitor).sign_in(street.ours.emails[StaffRole.OWNER]).status_code == 429


def test_forged_forwarding_headers_do_not_make_another_address(
    visitor: TestClient, street: Street
) -> None:
    """T46: X-Forwarded-For is not believed; all guesses fall into one bucket."""
    for number in range(5):
        visitor.headers["X-Forwarded-For"] = f"203.0.113.{number}"
        Browser(visitor).sign_in(f"guess{number}@ours.example", "wrong")
    visitor.headers["X-Forwarded-For"] = "203.0.113.99"
    assert Browser(visitor).sign_in(street.ours.emails[StaffRole.OWNER]).status_code == 429


def test_colleagues_who_sign_in_rightly_do_not_use_up_their_address(sign_in: SignIn) -> None:
    for _ in range(7):
        sign_in(StaffRole.AGENT)


def test_the_sign_in_form_needs_its_token(visitor: TestClient, street: Street) -> None:
    """T42: nobody is signed in to an account of an attacker's choosing."""
    page = visitor.get("/console/sign-in")
    form = {"email": street.ours.emails[StaffRole.OWNER], "password": "x"}
    assert visitor.post("/console/sign-in", data=form).status_code == 403
    visitor.cookies.delete(VISITOR_COOKIE)
    form["csrf"] = form_token(page)
    assert visitor.post("/console/sign-in", data=form).status_code == 403


def test_nobody_is_sent_elsewhere_after_signing_in(visitor: TestClient, street: Street) -> None:
    """T44: there is no `next` to fill."""
    page = visitor.get("/console/sign-in?next=//evil.example")
    assert "evil" not in page.text
    form = {
        "csrf": form_token(page),
        "email": street.ours.emails[StaffRole.OWNER],
        "password": "ein ganz langes Passwort",
        "next": "//evil.example",
    }
    answer = visitor.post("/console/sign-in?next=//evil.example", data=form)
    assert answer.headers["location"] == "/console/"


def _opens(street: Street, token: str) -> bool:
    other = TestClient(
        street.site, base_url="https://127.0.0.1", headers=OURS, follow_redirects=False
    )
    other.cookies.set(COOKIE, token, domain="127.0.0.1", path="/")
    return other.get("/console/orders").status_code == 200


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("{here}/console/group-buys?after=x", "/console/group-buys"),
        ("{here}/console/", "/console/"),
        ("", "/console/"),
        ("https://evil.example/console/group-buys", "/console/"),
        ("{here}/g/abc", "/console/"),
    ],
)
def test_another_language_shows_the_same_page(
    owner: Browser, came_from: str, leads_to: str
) -> None:
    here = str(owner.client.base_url).rstrip("/")
    referer = came_from.format(here=here)
    form = {"csrf": owner.token, "locale": "en"}
    answer = owner.client.post("/console/language", data=form, headers={"referer": referer})
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)

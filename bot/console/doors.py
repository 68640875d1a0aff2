"""In and out of the console: sign-in, sign-out, and the language of its pages (T41, T50)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console import pages
from bot.console.desk import (
    COOKIE,
    VISITOR_COOKIE,
    AtDesk,
    Form,
    drop_cookie,
    refuse_untold,
    set_cookie,
)
from bot.web import csrf
from bot.web.callers import address_of
from bot.web.passwords import Passwords
from bot.web.shop import OpenShop, Shop
from data.kernel.locales import Locale
from data.kernel.tokens import new_token
from data.merchants import Staff, staff

router = APIRouter()
_WRONG, _TOO_OFTEN = 401, 429


@dataclass(frozen=True, slots=True)
class _Guess:
    email: str
    password: str
    address: str


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    return _form(request)


@router.post("/sign-in")
def sign_in(request: Request, shop: Shop, form: Form) -> Response:
    """A new session, or one text for every failure; known or not, it takes as long."""
    refuse_untold(form, request, csrf.token_for(request.cookies.get(VISITOR_COOKIE, "")))
    guess = _guess(request, form)
    with shop.database.transaction() as session:
        admitted = staff.admit_guess(
            session, email=guess.email, address=guess.address, now=shop.clock.now()
        )
        colleague = staff.find_staff(session, email=guess.email)
    if not admitted:
        return _form(request, status=_TOO_OFTEN, email=guess.email)
    passwords: Passwords = request.app.state.passwords
    # Outside the transaction: a hash takes a quarter of a second.
    if not passwords.verify(colleague.password_hash if colleague else None, guess.password):
        return _form(request, status=_WRONG, email=guess.email)
    assert colleague is not None  # noqa: S101  # verify() is false without a stored hash
    return _signed_in(request, shop, colleague, guess, passwords)


@router.post("/sign-out")
def sign_out(request: Request, shop: Shop, _desk: AtDesk) -> Response:
    with shop.database.transaction() as session:
        staff.close_session(session, token=request.cookies[COOKIE], now=shop.clock.now())
    response = pages.go("/sign-in")
    drop_cookie(response, COOKIE)
    return response


@router.post("/language")
def change_language(request: Request, shop: Shop, desk: AtDesk, form: Form) -> Response:
    """The page they look at, in the other language."""
    wanted = Locale.closest(str(form.get("locale", "")), desk.locale)
    with shop.database.transaction() as session:
        staff.change_locale(session, staff_id=desk.staff_id, locale=wanted)
    return pages.go(_came_from(request))


def _came_from(request: Request) -> str:
    """A page of this console, by its path alone; anything else leads to the first."""
    page = urlsplit(request.headers.get("referer", ""))
    is_ours = page.netloc == request.headers.get("host") and page.path.startswith(pages.ROOT + "/")
    return page.path.removeprefix(pages.ROOT) if is_ours else "/"


def _signed_in(
    request: Request, shop: OpenShop, colleague: Staff, guess: _Guess, passwords: Passwords
) -> Response:
    token, now = new_token(), shop.clock.now()
    renewed = (
        passwords.renew(guess.password) if passwords.is_outdated(colleague.password_hash) else None
    )
    with shop.database.transaction() as session:
        staff.forgive_guesses(session, email=guess.email, address=guess.address)
        staff.close_session(session, token=request.cookies.get(COOKIE, ""), now=now)
        staff.open_session(
            session, staff=colleague, token=token, csrf=csrf.token_for(token), now=now
        )
        if renewed:
            staff.rehash(session, staff_id=colleague.id, password_hash=renewed)
    response = pages.go("/")
    set_cookie(response, COOKIE, token)
    drop_cookie(response, VISITOR_COOKIE)
    return response


def _form(request: Request, *, status: int = 200, email: str = "") -> Response:
    visitor = request.cookies.get(VISITOR_COOKIE) or new_token()
    response = pages.open_page(
        "sign_in.html",
        pages.preferred(request),
        status=status,
        token=csrf.token_for(visitor),
        email=email,
        failed=status != 200,  # noqa: PLR2004  # OK
    )
    set_cookie(response, VISITOR_COOKIE, visitor)
    return response


def _guess(request: Request, form: FormData) -> _Guess:
    email, password = form.get("email"), form.get("password")
    return _Guess(
        email=email if isinstance(email, str) else "",
        password=password if isinstance(password, str) else "",
        address=address_of(request),
    )

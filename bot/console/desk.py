"""Who sits at the desk: the session behind the cookie, its role, the form token, on every route.

`guard` runs before each route of the console and is the only way to a `Desk`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console import access
from bot.web import csrf
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Forbidden, Unauthorised
from data.kernel.locales import Locale
from data.kernel.tokens import fingerprint
from data.merchants import Merchant, Staff, StaffRole, StaffSession, staff

COOKIE = "__Host-tz"
# Before anybody has signed in, the sign-in form's token needs a secret too.
VISITOR_COOKIE = "__Host-tz-visitor"
# What a page may say was done, after a change led to it.
DONE = frozenset(
    {
        "imported", "cancel_released", "cancel_refunding", "cancel_already", "refunded",
        "given_back", "shipped", "delivered", "campaign_started", "saved", "taken_over",
        "handed_back", "draft_saved", "published", "rolled_back", "server_disconnected",
        "forgotten", "web_chat_saved", "web_chat_closed", "payments_connected",
        "payments_disconnected", "provider_asked", "notice_dismissed", "refund_retried",
        "alarm_dismissed", "refund_noted", "refund_sent_again",
        "job_again", "links_renewed", "links_unheard", "links_closed",
        "return_approved", "return_refused", "return_received",
        "coupon_made", "tax_saved", "together_saved", "team_completed", "team_cancelled",
        "split_cancelled",
    }
)  # fmt: skip
# Security design, body limits: 200 fields.
_MOST_FIELDS = 200


class NotSignedIn(Unauthorised):
    """The answer is the way to the sign-in page, not an error page."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A colleague at work, in one shop; `csrf` goes into every form.

    `room` is where they are, `done` what their last press did.
    """

    staff_id: str
    name: str
    email: str
    merchant_id: str
    role: StaffRole
    locale: Locale
    shop: str
    timezone: str
    currency: str
    csrf: str
    room: str
    done: str
    now: datetime

    def may(self, route: str) -> bool:
        """For templates: show the button only to those who may press it."""
        return access.may(self.role, route)


async def submitted(request: Request) -> AsyncIterator[FormData]:
    """The form, read once; uploaded files are closed in the end. A look has none."""
    if request.method in csrf.SAFE_METHODS:
        yield FormData()
        return
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        yield form


Form = Annotated[FormData, Depends(submitted)]


def guard(request: Request, shop: Shop, form: Form) -> Desk | None:
    """Signed in, allowed here, and sent from a page of ours; else an error, and nothing runs."""
    route = request.scope["route"].name
    csrf.refuse_foreign(request)
    if route in access.OPEN:
        return None
    desk = _desk_of(request, shop)
    if not access.may(desk.role, route):
        raise Forbidden(route)
    if request.method not in csrf.SAFE_METHODS:
        refuse_untold(form, request, desk.csrf)
    return desk


def at_desk(desk: Annotated[Desk | None, Depends(guard)]) -> Desk:
    if desk is None:
        raise NotSignedIn
    return desk


AtDesk = Annotated[Desk, Depends(at_desk)]


def refuse_untold(form: FormData, request: Request, expected: str) -> None:
    """The form token, in a field or (for scripts) in a header."""
    given = form.get(csrf.FIELD) or request.headers.get(csrf.HEADER) or ""
    if not isinstance(given, str) or not csrf.matches(given, expected):
        raise Forbidden("csrf_token")


def set_cookie(response: Response, name: str, value: str) -> None:
    """`__Host-`: this host and scheme, the whole path; no subdomain can plant one."""
    response.set_cookie(name, value, secure=True, httponly=True, samesite="lax", path="/")


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax", path="/")


def _desk_of(request: Request, shop: OpenShop) -> Desk:
    token = request.cookies.get(COOKIE, "")
    now = shop.clock.now()
    with shop.database.reading() as session:
        row = staff.session_of(session, token=token, now=now) if token else None
        if row is None:
            raise NotSignedIn
        colleague = session.get_one(Staff, row.staff_id)
        merchant = session.get_one(Merchant, row.merchant_id)
    _note_seen(shop, row, now)
    if fingerprint(csrf.token_for(token)) != row.csrf_hash:
        raise NotSignedIn
    return _desk(request, colleague, merchant, now)


def _note_seen(shop: OpenShop, row: StaffSession, now: datetime) -> None:
    if staff.needs_touch(row, now):
        with shop.database.transaction() as session:
            staff.touch(session, token_hash=row.token_hash, now=now)


def _desk(request: Request, colleague: Staff, merchant: Merchant, now: datetime) -> Desk:
    locale = Locale(colleague.locale)
    done = request.query_params.get("done", "")
    inside = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return Desk(
        staff_id=colleague.id,
        name=colleague.name,
        email=colleague.email,
        merchant_id=merchant.id,
        role=StaffRole(colleague.role),
        locale=locale,
        shop=merchant.name.get(locale) or next(iter(merchant.name.values()), ""),
        timezone=merchant.timezone,
        currency=merchant.currency,
        csrf=csrf.token_for(request.cookies[COOKIE]),
        room=inside.strip("/").split("/")[0],
        done=done if done in DONE else "",
        now=now,
    )

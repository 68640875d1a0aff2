"""What a stranger passes before anything of a shop is read or written: page, pace, token."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.web.callers import address_of
from bot.web.rates import Rate
from bot.webchat.sites import Site, read_site
from bot.webchat.visitors import visitor_of
from data.kernel.errors import Forbidden, Unauthorised

_BEARER = "bearer "
# Of one address all together, for its whole household or office; before anything is read (T03).
_CALLS = Rate(240, per=60)
# New visitors of one address: each may fill a chat of its own.
_ARRIVALS = Rate(20, per=60)
_LINES = Rate(20, per=60)  # docs/architecture.md, "limits": a person 20 messages a minute
_FILES = Rate(10, per=600)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor at the site whose token they hold."""

    site: Site
    visitor: str


def admit(tuanzi: Tuanzi, request: Request) -> None:
    """The chat's own page calls, or a program; no other page, and not too often."""
    _refuse_other_pages(request)
    _CALLS.take(address_of(request), now=tuanzi.clock.now())


def admit_newcomer(tuanzi: Tuanzi, request: Request) -> None:
    _ARRIVALS.take(address_of(request), now=tuanzi.clock.now())


def admit_line(tuanzi: Tuanzi, visit: Visit) -> None:
    _LINES.take(_named(visit), now=tuanzi.clock.now())


def admit_file(tuanzi: Tuanzi, visit: Visit) -> None:
    _FILES.take(_named(visit), now=tuanzi.clock.now())


def visit_of(tuanzi: Tuanzi, session: Session, account: str, header: str | None) -> Visit:
    """By the token in the header, never by what a body or an address says (T12)."""
    site = read_site(session, account)
    if not header or not header.lower().startswith(_BEARER):
        raise Unauthorised("visitor")
    token = header[len(_BEARER) :].strip()
    return Visit(site, visitor_of(site, token, now=tuanzi.clock.now()))


def _refuse_other_pages(request: Request) -> None:
    """Our frame's requests are `same-origin`. Nothing here has CORS headers, so what another page
    sends blindly it could not read; it may not send it either (T42)."""
    where = request.headers.get("sec-fetch-site")
    if where is not None and where != "same-origin":
        raise Forbidden("origin")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("origin")


def _named(visit: Visit) -> str:
    return f"{visit.site.account.id}:{visit.visitor}"

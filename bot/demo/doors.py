"""Who may use the demo's routes: a browser or program on this machine, never another's page."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from bot.app import Tuanzi
from bot.web import csrf
from data.kernel.errors import Forbidden, NotFound


def guard(request: Request) -> None:
    """Elsewhere than in a demo on loopback these routes are not there (T34); a web page of
    somebody else's may not press our buttons (T42). A program says neither header and may."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    if not (tuanzi.settings.demo and _is_near(request)):
        raise NotFound("demo")
    if request.method in csrf.SAFE_METHODS:
        return
    if "sec-fetch-site" in request.headers:
        csrf.refuse_foreign(request)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("origin")


def _is_near(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False

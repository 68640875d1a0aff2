"""What somebody at a bill reads when a request of theirs is refused: a page, where their browser
asked for one. Programs get the code."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from bot.pages.pay import answer, reads, sorry

_PATH = "/pay/"
_TOO_OFTEN, _NOT_FOUND = 429, 404
_REASONS = {403: "foreign", _NOT_FOUND: "not_found", _TOO_OFTEN: "too_often"}
_A_MINUTE = "60"  # seconds, in which every bucket is full again


def page_of(request: Request, status: int) -> HTMLResponse | None:
    """None: no page of ours, or nobody who reads one."""
    if not reads(request) or not request.scope["path"].startswith(_PATH):
        return None
    page = answer(sorry(request, _REASONS.get(status, "trouble")), status)
    if status == _TOO_OFTEN:
        page.headers["Retry-After"] = _A_MINUTE
    return page

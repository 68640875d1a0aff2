"""When a page cannot be shown: what went wrong in the reader's language, or the way to sign in."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.console import pages
from bot.console.desk import NotSignedIn
from data.kernel.errors import Invalid, NotFound, Refused, ShopError

log = logging.getLogger(__name__)
_NOT_FOUND = 404


def install(console: FastAPI) -> None:
    @console.exception_handler(NotSignedIn)
    async def to_the_door(request: Request, _error: NotSignedIn) -> Response:
        """A form that was sent after the session ended gets a 401, so that nobody thinks it went
        through; a look goes to the sign-in page."""
        if request.method == "GET":
            return pages.go("/sign-in")
        return _failed(request, NotSignedIn.code, NotSignedIn.status)

    @console.exception_handler(ShopError)
    async def refused(request: Request, error: ShopError) -> Response:
        return _failed(request, error.code, error.status)

    @console.exception_handler(RequestValidationError)
    async def invalid(request: Request, _error: RequestValidationError) -> Response:
        return _failed(request, Invalid.code, Invalid.status)

    @console.exception_handler(pages.FormProblems)
    async def wrong_form(request: Request, _error: pages.FormProblems) -> Response:
        """Where a page has no form to show again: what came was not sent by it."""
        return _failed(request, Invalid.code, Invalid.status)

    @console.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = NotFound.code if error.status_code == _NOT_FOUND else Refused.code
        return _failed(request, code, error.status_code)

    @console.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.scope["path"], exc_info=error)
        return _failed(request, ShopError.code, ShopError.status)


def _failed(request: Request, code: str, status: int) -> Response:
    return pages.open_page("failed.html", pages.preferred(request), status=status, code=code)

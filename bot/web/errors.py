"""Errors on the way out: a message id and a status for programs, never a traceback."""

import logging
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.kernel.errors import ShopError

log = logging.getLogger(__name__)
_INVALID, _BROKEN, _NOT_FOUND = 422, 500, 404
PageOf = Callable[[Request, int], Response | None]


def install(app: FastAPI, page_of: PageOf) -> None:
    """`{"error": code, "detail"?: field}` for every refusal; the words are the client's. `page_of`:
    the page for somebody who reads, None where nobody does."""

    def told(
        request: Request,
        status: int,
        body: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        response = page_of(request, status) or JSONResponse(body, status_code=status)
        response.headers.update(headers or {})
        return response

    @app.exception_handler(ShopError)
    async def refused(request: Request, error: ShopError) -> Response:
        body = {"error": error.code, **({"detail": error.detail} if error.detail else {})}
        return told(request, error.status, body)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [".".join(str(part) for part in problem["loc"]) for problem in error.errors()]
        return told(request, _INVALID, {"error": "error_invalid", "fields": fields})

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = "error_not_found" if error.status_code == _NOT_FOUND else "error_refused"
        return told(request, error.status_code, {"error": code}, error.headers)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.scope["path"], exc_info=error)
        return told(request, _BROKEN, {"error": "error_internal"})

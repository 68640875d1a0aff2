"""Errors on the way out: a message id and a status for programs, never a traceback."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from data.kernel.errors import ShopError

log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """`{"error": code, "detail"?: field}` for every refusal; the words are the client's."""

    @app.exception_handler(ShopError)
    async def refused(_request: Request, error: ShopError) -> JSONResponse:
        body = {"error": error.code, **({"detail": error.detail} if error.detail else {})}
        return JSONResponse(body, status_code=error.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [".".join(str(part) for part in problem["loc"]) for problem in error.errors()]
        return JSONResponse({"error": "error_invalid", "fields": fields}, status_code=422)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        code = "error_not_found" if error.status_code == 404 else "error_refused"  # noqa: PLR2004
        return JSONResponse({"error": code}, status_code=error.status_code)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s", request.method, request.scope["path"], exc_info=error)
        return JSONResponse({"error": "error_internal"}, status_code=500)

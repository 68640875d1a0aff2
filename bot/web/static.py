"""Our own files for pages: named by the hash of all of them, so a browser may keep them for ever.

Of all, for a script imports its neighbours by name: they stand under the same hash as itself.
"""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response

from data.kernel.errors import NotFound

FOLDER = Path(__file__).parents[1] / "static"
# RFC 9111 has no `for ever`: a year is what everybody takes for it.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_HASH_LENGTH = 12
_ROUTE = "static"


def install(app: FastAPI) -> None:
    """`/static/<hash>/<name>`; wiring it twice changes nothing."""
    if not any(route.name == _ROUTE for route in iter_route_contexts(app.routes)):
        app.add_api_route("/static/{version}/{name}", serve, name=_ROUTE, include_in_schema=False)


def address(name: str) -> str:
    """Where a page finds a file."""
    return f"/static/{_version()}/{name}"


def serve(request: Request, version: str, name: str) -> Response:
    """A page from before an update asks with an old hash: it gets the file, but not for ever."""
    if name not in _names():
        raise NotFound("static")
    kept = _FOR_EVER if version == _version() else _ASK_AGAIN
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content(name), media_type=kind, headers={"Cache-Control": kept})


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name in sorted(_names()):
        digest.update(f"{name} {len(content(name))} ".encode() + content(name))
    return digest.hexdigest()[:_HASH_LENGTH]


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.is_file())


@cache
def content(name: str) -> bytes:
    """A file of ours, as it is."""
    return (FOLDER / name).read_bytes()

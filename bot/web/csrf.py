"""Nobody else's page sends our forms: where a request comes from, and a token in every form (T42).

The token is derived from the cookie's secret, so a form needs nothing stored to be written; it is
read back against the session's row, or, before sign-in, against the cookie itself.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from data.kernel.errors import Forbidden

FIELD = "csrf"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# `none`: the person typed it. Another port of our host is `same-site`, and a cookie reaches it.
_OURS = frozenset({"same-origin", "none"})


def token_for(secret: str) -> str:
    """The form token that belongs to a cookie's secret; it does not give the secret away."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def matches(given: str, expected: str) -> bool:
    """In constant time; bytes, for `compare_digest` raises on a str that is not ASCII."""
    return hmac.compare_digest(given.encode(), expected.encode())


def refuse_foreign(request: Request) -> None:
    """An unsafe request must come from a page of ours; one that does not say is refused."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in _OURS:
            raise Forbidden("csrf_site")
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc != request.headers.get("host"):
        raise Forbidden("csrf_origin")

"""The one place that wires: settings in, a running shop out."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.settings import Settings
from bot.web import errors
from bot.web.headers import SecurityHeaders
from bot.web.limits import KIB, BodyLimit
from data.kernel.clock import Clock
from data.kernel.database import Database

LIMITS = {
    "/webhooks/rest": 64 * KIB,
    "/webhooks/": KIB * KIB,
    "/console/catalogue/import": 20 * KIB * KIB,
    "/api/v1/products/import": 20 * KIB * KIB,
}


@dataclass(frozen=True, slots=True)
class Tuanzi:
    """Everything a process needs, made once."""

    settings: Settings
    database: Database
    clock: Clock


def create_web(tuanzi: Tuanzi) -> FastAPI:
    """The HTTP face. Every route reaches the shop through `request.app.state.tuanzi`."""
    app = FastAPI(title="Tuanzi", version="1", docs_url=None, redoc_url=None)
    app.state.tuanzi = tuanzi
    errors.install(app)
    app.add_middleware(BodyLimit, limits=LIMITS)
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=list(tuanzi.settings.trusted_hosts),
        www_redirect=False,
    )
    app.add_middleware(SecurityHeaders)
    return app

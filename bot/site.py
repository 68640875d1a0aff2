"""The HTTP face: every route of the shop on one application, behind limits and headers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot import console
from bot.api import merchant, rest
from bot.app import Tuanzi
from bot.delivery import webhooks
from bot.pages import media, pay
from bot.web import errors, static
from bot.web.headers import SecurityHeaders
from bot.web.limits import KIB, BodyLimit

# docs/architecture.md, "limits".
LIMITS = {
    "/webhooks/rest": 64 * KIB,
    "/webhooks/": KIB * KIB,
    "/console/catalogue/import": 20 * KIB * KIB,
    "/api/v1/products/import": 20 * KIB * KIB,
}


def create_site(
    tuanzi: Tuanzi,
    *,
    works: bool = True,
    beside: Callable[[], Sequence[Coroutine[None, None, None]]] = tuple,
) -> FastAPI:
    """Every route reaches the shop through `request.app.state.tuanzi`; with `works` the process
    also does the jobs, the provider calls and the sending. `beside` runs as long as the site."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loops = tuanzi.loops() if works else []
        tasks = [asyncio.create_task(task) for task in (*loops, *beside())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = FastAPI(title="Tuanzi", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.tuanzi = tuanzi
    errors.install(app)
    app.include_router(rest.router)
    app.include_router(pay.router)
    app.include_router(media.router)
    app.include_router(webhooks.router)
    static.install(app)
    console.install(app, tuanzi)
    merchant.install(app, tuanzi)
    app.add_middleware(BodyLimit, limits=LIMITS)
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=list(tuanzi.settings.trusted_hosts),
        www_redirect=False,
    )
    app.add_middleware(SecurityHeaders)
    return app

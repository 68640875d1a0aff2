"""The HTTP face: every route of the shop on one application, behind limits and headers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot import console
from bot.api import merchant, rest
from bot.app import Tuanzi
from bot.delivery import payment_webhooks, webhooks, wechat_webhook, wecom_webhook
from bot.pages import (
    chipping_in,
    codes,
    handing_over,
    looking_again,
    media,
    mishaps,
    my_data,
    pay,
    paying_in_wechat,
    share,
    telegram_app,
    wechat,
)
from bot.web import errors, static
from bot.web.crossing import MadeAgain
from bot.web.headers import SecurityHeaders
from bot.web.leaving import Leaving
from bot.web.limits import KIB, BodyLimit
from bot.webchat import frame, listening, talking, uploads
from bot.webchat.newsroom import Newsroom

_PARTS = (
    rest, pay, handing_over, looking_again, paying_in_wechat, codes, share, chipping_in, wechat,
    telegram_app, my_data, media,
    webhooks, wechat_webhook, wecom_webhook, payment_webhooks, uploads, frame, talking, listening,
)  # fmt: skip
# docs/architecture.md, "limits".
LIMITS = {
    "/webhooks/rest": 64 * KIB,
    "/webhooks/wechat/": 64 * KIB,  # its longest text is 2048 bytes
    "/webhooks/wecom/": 64 * KIB,  # a bell; a group's members are 500 names at most
    "/webhooks/": KIB * KIB,
    "/visit/": 16 * KIB,
    "/webchat/": 64 * KIB,
    "/webchat/files/": uploads.LARGEST,
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
        tasks = [asyncio.create_task(task) for task in (*loops, *beside(), newsroom.run())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    leaving = Leaving(tuanzi.bell)
    newsroom = Newsroom(tuanzi.database, tuanzi.bell, leaving)
    app = FastAPI(title="Tuanzi", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.tuanzi = tuanzi
    app.state.leaving = leaving
    app.state.newsroom = newsroom
    errors.install(app, mishaps.page_of)
    for part in _PARTS:
        app.include_router(part.router)
    static.install(app)
    console.install(app, tuanzi)
    merchant.install(app, tuanzi)
    app.add_middleware(MadeAgain)
    app.add_middleware(BodyLimit, limits=LIMITS, note=payment_webhooks.note_too_long)
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=list(tuanzi.settings.trusted_hosts),
        www_redirect=False,
    )
    app.add_middleware(SecurityHeaders)
    return app

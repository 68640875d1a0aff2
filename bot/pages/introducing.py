"""The way to WeChat's platform and back, by which who opens a page of ours inside WeChat tells us
their openid and nothing else. Nobody is asked anything.

The state is signed, bound to the browser and the page that it set out from, and works once.
"""

from typing import NamedTuple

from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.console.desk import set_cookie
from bot.delivery.wechat_platform import call_by, secret_of
from bot.pages import visitors
from bot.pages.knocking import account_of
from bot.pages.visitors import TRIP_COOKIE, Trip
from bot.settings import Secret
from data.delivery.used_tokens import use_up
from data.kernel.errors import Forbidden, NotFound
from data.merchants import ChannelAccount
from integrations.http import Unreachable
from integrations.wechat_errors import WeChatError
from integrations.wechat_pages import introduction

SEE_OTHER = 303
_LONGEST_CODE = 512  # the vendor names no length; today's have 32


class Side(NamedTuple):
    """Our side of an account: what signs, and what asks the platform."""

    account: ChannelAccount
    secret: Secret


def side_of(session: Session, app_id: str) -> Side:
    """NotFound: no such account is connected, or it may only answer."""
    account = account_of(session, app_id)
    secret = secret_of(session, account)
    if secret is None or not secret.reveal():
        raise NotFound("account")
    return Side(account, secret)


def depart(tuanzi: Tuanzi, side: Side, page: str) -> RedirectResponse:
    """To the platform, from this page."""
    app_id, settings = side.account.external_id, tuanzi.settings
    trip = visitors.set_out(side.secret, page, tuanzi.clock.now())
    back = f"{settings.public_url}/wechat/{app_id}/oauth/return"
    where = introduction(settings.wechat_site, app_id, back=back, state=trip.state)
    response = RedirectResponse(where, SEE_OTHER)
    set_cookie(response, TRIP_COOKIE, trip.cookie)
    return response


def arrive(tuanzi: Tuanzi, side: Side, trip: Trip) -> str:
    """The page that the trip leads to; Forbidden for one that was made up or used, or is not this
    browser's."""
    now = tuanzi.clock.now()
    found = visitors.come_back(side.secret, trip, now)
    if found is None:
        raise Forbidden("state")
    page, until = found
    merchant_id = side.account.merchant_id
    with tuanzi.database.transaction() as session:
        if not use_up(
            session, merchant_id=merchant_id, token=trip.state, expires_at=until, now=now
        ):
            raise Forbidden("state")
    return page


def is_code(code: str) -> bool:
    """Without one they did not want to."""
    return 0 < len(code) <= _LONGEST_CODE


async def openid_of(tuanzi: Tuanzi, side: Side, code: str) -> str | None:
    """None: the platform does not know this code, or does not answer."""
    calls = call_by(
        tuanzi.settings, tuanzi.database, tuanzi.clock, account=side.account, secret=side.secret
    )
    try:
        async with calls as account:
            return (await account.visitor(code)).openid or None
    except (WeChatError, Unreachable):
        return None

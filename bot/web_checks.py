"""Checks of a chat on a merchant's site: its key, its pages, and what a browser gets of us."""

import asyncio

from bot import own_address
from bot.app import Tuanzi
from bot.channel_checks import Finding, Mark, sound
from bot.webchat.sites import is_site, origins_of, read_site
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount

_LOADER, _FRAME = "{}/widget.js", "{}/webchat/{}/frame"
_POLICY = "content-security-policy"


def check_web(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """The page of the demo speaks through such an account too, and no site shows it."""
    url = tuanzi.settings.public_url
    safe = url.startswith("https://") or tuanzi.settings.demo
    return [
        sound(safe, "check.web_https", url=url),
        *(_of_site(tuanzi, account) if is_site(account) else ()),
        Finding(Mark.CAN, "check.web_can"),
        Finding(Mark.CANNOT, "check.web_cannot"),
    ]


def _of_site(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    try:
        with tuanzi.database.reading() as session:
            read_site(session, account.id)
    except NotFound:
        return [Finding(Mark.BROKEN, "check.web_key_not")]
    origins = origins_of(account)
    return [
        Finding(Mark.SOUND, "check.web_key"),
        *asyncio.run(_served(tuanzi.settings.public_url, account.id, origins)),
        Finding(Mark.CAN, "check.web_origins", {"origins": ", ".join(origins)}),
    ]


async def _served(home: str, account_id: str, origins: tuple[str, ...]) -> list[Finding]:
    """The script of the tag, and the frame with the pages that may show it."""
    script = await own_address.fetch(_LOADER.format(home))
    if isinstance(script, str):
        return [Finding(Mark.BROKEN, "check.address_away", {"url": home, "why": script})]
    frame = await own_address.fetch(_FRAME.format(home, account_id))
    policy = "" if isinstance(frame, str) else frame.headers.get(_POLICY, "")
    return [
        sound(script.status == own_address.OK, "check.web_script", url=_LOADER.format(home)),
        sound(set(origins) <= set(policy.split()), "check.web_frame"),
    ]

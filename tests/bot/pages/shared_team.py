"""A street whose first shop has an official account at WeChat's stand-in, and a team that somebody
shared; browsers come inside WeChat or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from httpx import Response

from bot.app import Tuanzi
from bot.delivery.doors import CREDENTIALS
from data.group_buys import Team, share_team
from data.kernel.encryption import cipher_of, place_of
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from tests.bot.browser import form_token
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.builders import NOW
from tests.peers.wechat_platform import APP_ID, SECRET, Remote

PHONE = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50 Language/zh_CN"
_visitors = iter(range(2, 60_000))


@dataclass(slots=True)
class Shared:
    tuanzi: Tuanzi
    site: Any
    platform: Remote
    merchant: str
    team: str
    token: str

    def browser(self, *, wechat: bool = True, language: str = "zh-CN") -> TestClient:
        """With an address of its own, so that no test spends another's allowance."""
        number = next(_visitors)
        headers = {"Accept-Language": language, "Sec-Fetch-Site": "same-origin"}
        headers |= {"User-Agent": PHONE} if wechat else {}
        return TestClient(
            self.site,
            base_url="https://127.0.0.1",
            client=(f"127.7.{number // 250}.{number % 250 + 2}", 50_000),
            headers=headers,
            follow_redirects=False,
        )

    def introduced(self, openid: str) -> TestClient:
        """Somebody who has been at the platform and is back."""
        browser = self.browser()
        back = self.travel(browser, openid)
        answer = browser.get(back)
        assert answer.headers["location"] == f"/g/{self.token}"
        return browser

    def travel(self, browser: TestClient, openid: str) -> str:
        """To the platform; gives the address that it sends the browser back to."""
        there = browser.get(f"/wechat/{APP_ID}/oauth?g={self.token}").headers["location"]
        assert there.startswith(f"{self.platform.url}/connect/oauth2/authorize?")
        back = self.platform._http.get(there, headers={"x-openid": openid}).headers["location"]
        assert back.startswith(self.tuanzi.settings.public_url)
        parts = urlsplit(back)
        return f"{parts.path}?{parts.query}"

    def press(self, browser: TestClient, button: str, **fields: str) -> Response:
        """A form of the page, with its own hidden field."""
        csrf = form_token(browser.get(f"/g/{self.token}"))
        return browser.post(f"/g/{self.token}/{button}", data={"csrf": csrf, **fields})

    def team_now(self) -> Team:
        with self.tuanzi.database.reading() as session:
            return session.get_one(Team, self.team)


@contextmanager
def a_shared_team(street: Street, platform: Remote, *, secret: str = SECRET) -> Iterator[Shared]:
    here = replace(
        street.tuanzi.settings,
        wechat_api=platform.url,
        wechat_site=platform.url,
        egress_allowed=(ip_network("127.0.0.0/8"),),
    )
    tuanzi = replace(street.tuanzi, settings=here)
    street.site.state.tuanzi = tuanzi
    ours = street.ours
    with tuanzi.database.transaction() as session:
        token = share_team(session, merchant_id=ours.merchant, team_id=ours.team, now=NOW)
    connect(tuanzi, ours.merchant, APP_ID, secret)
    yield Shared(tuanzi, street.site, platform, ours.merchant, ours.team, token)


def connect(tuanzi: Tuanzi, merchant_id: str, app_id: str, secret: str) -> str:
    """As `connect-wechat` seals it."""
    with tuanzi.database.transaction() as session:
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant_id,
            channel="wechat",
            external_id=app_id,
            settings={},
            created_at=NOW,
        )
        place = place_of(merchant_id, f"{ChannelAccount.__tablename__}.{CREDENTIALS}", account.id)
        account.settings = {CREDENTIALS: cipher_of(session).encrypt(secret, place=place)}
        session.add(account)
        return account.id

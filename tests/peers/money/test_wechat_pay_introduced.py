"""Inside WeChat anybody who has the link can pay: they say by WeChat's platform who they are, and
WeChat Pay's sheet opens for them. Platform and WeChat Pay are our SIMULATED ones, on real sockets.
"""

import asyncio
import html
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import func, select, text

from bot.pages.payers import PAYER_COOKIE
from bot.pages.visitors import TRIP_COOKIE, TRIP_LIFE
from bot.payment_accounts import look_at_account, opened
from bot.site import create_site
from bot.web.wording import words
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from data.orders import Order, OrderState
from data.payments import PaymentAttempt, revoke_links
from data.payments.details import open_details
from data.payments.models import AttemptState
from data.people import ChannelIdentity, Person
from integrations.payments.wechat_pay import NAME
from tests.bot.builders import a_tuanzi
from tests.bot.client import TestClient, one_loop
from tests.bot.pages.shared_team import connect
from tests.peers.money.wechat_pay_house import Shop, WechatHouse, a_house
from tests.peers.wechat_platform import APP_ID, SECRET, Remote, running_platform

IN_WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) Mobile/15E148 MicroMessenger/8.0.60"
_browsers = count(2)
_CALL = re.compile(r'data-call="([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def _one_loop() -> Iterator[None]:
    with one_loop():
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Routes alone: each test puts its own house behind them."""
    tuanzi = a_tuanzi(tmp_path_factory.mktemp("site") / "shop.db")
    made = create_site(tuanzi, works=False)
    tuanzi.close()
    return made


@pytest.fixture(scope="module")
def platform() -> Iterator[Remote]:
    with running_platform() as remote:
        yield remote


@dataclass(slots=True)
class Counter:
    """A shop with both accounts, an order, and browsers inside WeChat that look at its bill."""

    house: WechatHouse
    site: FastAPI
    platform: Remote
    shop: Shop
    order: str
    link: str

    @property
    def way(self) -> str:
        return f"{self.link}/as/{self.shop.account}"

    def browser(self, *, agent: str = IN_WECHAT) -> TestClient:
        """Somebody's, at an address of their own."""
        number = next(_browsers)
        return TestClient(
            self.site,
            base_url="https://127.0.0.1",
            client=(f"127.8.0.{number}", 50_000),
            headers={"User-Agent": agent, "Accept-Language": "en"},
            follow_redirects=False,
        )

    def travel(self, browser: TestClient, openid: str) -> str:
        """To the platform, where this person looks; gives the path that it sends them back to."""
        there = browser.get(self.way).headers["location"]
        assert there.startswith(f"{self.platform.url}/connect/oauth2/authorize?")
        back = self.platform._http.get(there, headers={"x-openid": openid}).headers["location"]
        parts = urlsplit(back)
        return f"{parts.path}?{parts.query}"

    def back_as(self, browser: TestClient, openid: str) -> Response:
        return browser.get(self.travel(browser, openid))

    def placed_for(self) -> list[str]:
        """The openids that WeChat Pay has heard, in order."""
        return [one.told["payer"]["openid"] for one in self.house.face.orders.values()]

    def attempts(self) -> list[PaymentAttempt]:
        with self.house.tuanzi.database.reading() as session:
            return list(session.scalars(select(PaymentAttempt).order_by(PaymentAttempt.number)))

    def check(self) -> list[tuple[bool, str]]:
        """What the console and `tuanzi payments check` say of the shop's WeChat Pay."""
        tuanzi, merchant = self.house.tuanzi, self.shop.merchant
        account, gateway = opened(tuanzi, merchant_id=merchant, provider=NAME)
        looked = asyncio.run(look_at_account(tuanzi, account, gateway))
        return [(one.is_sound, one.code) for one in looked.findings]

    def later(self, by: timedelta) -> None:
        clock = self.house.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        clock.advance(by)


@pytest.fixture
def counter(tmp_path: Path, site: FastAPI, platform: Remote) -> Iterator[Counter]:
    with a_house(tmp_path, site) as house:
        here = replace(
            house.tuanzi.settings,
            wechat_api=platform.url,
            wechat_site=platform.url,
            public_url="https://127.0.0.1",
            egress_allowed=(ip_network("127.0.0.0/8"),),
        )
        house.tuanzi = replace(house.tuanzi, settings=here)
        site.state.tuanzi = house.tuanzi
        shop = house.opens_a_shop(on_hand=6)
        connect(house.tuanzi, shop.merchant, APP_ID, SECRET)
        order = house.order(shop)
        yield Counter(house, site, platform, shop, order, house.link(order))


def test_somebody_whom_the_shop_has_never_met_pays_inside_wechat(counter: Counter) -> None:
    friend = counter.browser()
    page = friend.get(counter.link).text
    assert f'href="{counter.way}"' in page
    assert f"/with/{counter.shop.account}" not in page
    answer = counter.back_as(friend, "o_friend")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{counter.link}/go")
    assert TRIP_COOKIE not in friend.cookies
    sheet = friend.get(f"{counter.link}/go").text
    told = json.loads(html.unescape(_CALL.findall(sheet)[0]))
    assert (told["appId"], counter.placed_for()) == (APP_ID, ["o_friend"])
    (number,) = counter.house.face.orders
    counter.house.face.pays(number)
    friend.get(f"/pay/back/{number}")
    counter.house.settles()
    assert counter.house.state(counter.order) == OrderState.READY
    with counter.house.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(ChannelIdentity)) == 0


def test_who_looks_pays_and_not_the_buyer_whom_the_account_knows(counter: Counter) -> None:
    with counter.house.tuanzi.database.transaction() as session:
        account = session.execute(text("SELECT id FROM channel_accounts")).scalar_one()
        session.add(
            ChannelIdentity(
                merchant_id=counter.shop.merchant,
                person_id=counter.shop.person,
                account_id=account,
                external_id="o_buyer",
            )
        )
    counter.back_as(counter.browser(), "o_friend")
    assert counter.placed_for() == ["o_friend"]


def test_once_known_the_same_browser_is_not_sent_away_again(counter: Counter) -> None:
    friend = counter.browser()
    counter.back_as(friend, "o_friend")
    page = friend.get(counter.link).text
    assert f"/with/{counter.shop.account}" in page
    assert friend.get(counter.way).headers["location"] == counter.link
    again = friend.post(f"{counter.link}/with/{counter.shop.account}")
    assert again.headers["location"] == f"{counter.link}/go"
    assert len(counter.attempts()) == 1


def test_who_goes_on_in_another_browser_has_the_ways_that_work_there(counter: Counter) -> None:
    counter.back_as(counter.browser(), "o_friend")
    desk = counter.browser(agent="Mozilla/5.0 (X11)")
    assert desk.get(f"{counter.link}/go").headers["location"] == counter.link
    taken = desk.post(f"{counter.link}/with/{counter.shop.account}")
    assert taken.headers["location"] == f"{counter.link}/go"
    assert "code.svg" in desk.get(f"{counter.link}/go").text
    states = [one.state for one in counter.attempts()]
    assert states == [AttemptState.VOIDED, AttemptState.PENDING]


def test_two_people_with_one_link_pay_as_themselves(counter: Counter) -> None:
    """What the first one opened is closed before the second one's is placed."""
    counter.back_as(counter.browser(), "o_ann")
    counter.back_as(counter.browser(), "o_bob")
    assert counter.placed_for() == ["o_ann", "o_bob"]
    states = [one.state for one in counter.attempts()]
    assert states == [AttemptState.VOIDED, AttemptState.PENDING]


def test_t49_the_openid_is_sealed_and_forgotten_when_the_try_is_over(counter: Counter) -> None:
    counter.back_as(counter.browser(), "o_CANARYann")
    (attempt,) = counter.attempts()
    database = counter.house.tuanzi.database
    with database.reading() as session:
        assert open_details(session, attempt).payer_ref == "o_CANARYann"
        assert "CANARY" not in str(attempt.details)
    counter.back_as(counter.browser(), "o_CANARYbob")
    assert counter.attempts()[0].details["payer_ref"] == ""
    (_, number) = counter.house.face.orders
    counter.house.face.pays(number)
    counter.browser().get(f"/pay/back/{number}")
    counter.house.settles()
    paid = counter.attempts()[1]
    assert (paid.state, paid.details["payer_ref"]) == (AttemptState.CAPTURED, "")


def test_t47_the_openid_is_in_no_address_page_cookie_or_log(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        friend = counter.browser()
        answers = [counter.back_as(friend, "o_CANARY")]
        answers += [friend.get(f"{counter.link}{tail}") for tail in ("", "/go")]
    shown = "".join(f"{one.headers} {one.text} {one.url}" for one in answers)
    assert "CANARY" not in shown + str(dict(friend.cookies)) + caplog.text


def test_a_state_works_once_in_the_browser_that_set_out(counter: Counter) -> None:
    ann, mallory = counter.browser(), counter.browser()
    back = counter.travel(ann, "o_mallory")
    cookie = ann.cookies[TRIP_COOKIE]
    assert mallory.get(back).status_code == 403  # a link with somebody else's code
    assert ann.get(back).status_code == 303
    ann.cookies.set(TRIP_COOKIE, cookie, domain="127.0.0.1")
    again = ann.get(back)
    assert again.status_code == 403
    assert f'href="{counter.link}"' in again.text  # the other ways are there
    assert len(counter.attempts()) == 1


def test_a_trip_that_took_too_long_leads_back_to_the_bill(counter: Counter) -> None:
    friend = counter.browser()
    back = counter.travel(friend, "o_friend")
    counter.later(TRIP_LIFE)
    answer = friend.get(back)
    assert answer.status_code == 403
    assert "took too long" in answer.text
    assert f'href="{counter.link}"' in answer.text
    assert counter.attempts() == []


@pytest.mark.parametrize("change", ["code=", "code=0", "state=0", "code=" + "9" * 600])
def test_a_changed_code_or_state_begins_nothing(counter: Counter, change: str) -> None:
    friend = counter.browser()
    name = change.partition("=")[0]
    back = re.sub(rf"\b{name}=\w+", change, counter.travel(friend, "o_friend"))
    answer = friend.get(back)
    assert answer.status_code in (303, 403)
    assert counter.attempts() == []
    assert PAYER_COOKIE not in friend.cookies
    bill = friend.get(answer.headers.get("location", counter.link))
    assert f'href="{counter.way}"' in bill.text


@pytest.mark.parametrize("trouble", ["unknown", "unwilling", "away"])
def test_trouble_at_the_platform_leads_back_to_the_bill_and_says_so(
    counter: Counter, trouble: str
) -> None:
    friend = counter.browser()
    back = counter.travel(friend, "o_friend")
    if trouble == "unknown":
        back = back.replace("code=", "code=0")
    elif trouble == "unwilling":
        back = re.sub(r"code=\w+&", "", back)
    else:
        settings = counter.house.tuanzi.settings
        nobody = replace(settings, wechat_api="http://127.0.0.1:9")
        counter.site.state.tuanzi = replace(counter.house.tuanzi, settings=nobody)
    answer = friend.get(back)
    assert answer.status_code == 303
    page = friend.get(answer.headers["location"]).text
    assert ("微信没有告诉我们" if trouble != "unwilling" else "没有授权") in page
    assert f'href="{counter.way}"' in page
    assert counter.attempts() == []


def test_a_reason_that_somebody_makes_up_is_not_shown(counter: Counter) -> None:
    page = counter.browser().get(f"{counter.link}?wechat=<b>call+this+number</b>").text
    assert "call" not in page


def test_a_note_of_another_order_app_or_time_is_none(counter: Counter) -> None:
    friend = counter.browser()
    counter.back_as(friend, "o_friend")
    other = counter.house.link(counter.house.order(counter.shop))
    assert f"{other}/as/{counter.shop.account}" in friend.get(other).text
    taken = friend.post(f"{other}/with/{counter.shop.account}")
    assert taken.headers["location"] == other  # and from there to the platform
    friend.cookies.set(PAYER_COOKIE, "made-up", domain="127.0.0.1")
    assert f'href="{counter.way}"' in friend.get(counter.link).text
    counter.later(timedelta(minutes=29))
    assert f'href="{counter.way}"' in friend.get(counter.link).text


def test_a_bill_that_was_closed_meanwhile_says_so(counter: Counter) -> None:
    friend = counter.browser()
    back = counter.travel(friend, "o_friend")
    with counter.house.tuanzi.database.transaction() as session:
        revoke_links(session, order_id=counter.order, now=counter.house.tuanzi.clock.now())
    where = friend.get(back).headers["location"]
    assert friend.get(where).status_code == 410
    assert friend.get(counter.way).headers["location"] == counter.link
    assert counter.attempts() == []


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_another_page_cannot_send_somebody_off_t42(counter: Counter, origin: str) -> None:
    answer = counter.browser().get(counter.way, headers={"Sec-Fetch-Site": origin})
    assert answer.status_code == 403


def test_guesses_end_t08(counter: Counter) -> None:
    friend = counter.browser()
    paths = [f"/pay/{number:022d}/as/{counter.shop.account}" for number in range(40)]
    codes = [friend.get(path).status_code for path in paths]
    assert codes == [404] * 20 + [429] * 20


def test_outside_wechat_and_without_the_account_nobody_is_sent_away(counter: Counter) -> None:
    desk = counter.browser(agent="Mozilla/5.0 (X11)")
    assert f"/with/{counter.shop.account}" in desk.get(counter.link).text
    assert desk.get(counter.way).headers["location"] == counter.link
    with counter.house.tuanzi.database.transaction() as session:
        session.execute(text("UPDATE channel_accounts SET external_id = 'wx_another'"))
    page = counter.browser().get(counter.link).text
    assert counter.shop.account not in page
    assert counter.browser().get(counter.way).status_code == 404


@pytest.mark.parametrize("locale", list(Locale))
def test_the_check_says_when_the_payments_are_bound_to_another_account(
    counter: Counter, locale: Locale
) -> None:
    assert counter.check()[-1] == (True, "official_account")
    database = counter.house.tuanzi.database
    with database.transaction() as session:
        session.execute(text("UPDATE channel_accounts SET external_id = 'wx_another'"))
    assert counter.check()[-1] == (False, "official_account")
    name = "payments.check.wechat_pay.official_account_not"
    said = words(locale).gettext(name) % {"app": APP_ID, "names": "wx_another"}
    assert APP_ID in said
    assert "wx_another" in said
    with database.transaction() as session:
        session.execute(text("UPDATE channel_accounts SET enabled = 0"))
    assert "official_account" not in [code for _, code in counter.check()]


def test_a_shared_teams_trip_pays_nothing_and_a_bills_trip_joins_nothing(counter: Counter) -> None:
    """The state of one errand does not do for the other."""
    friend = counter.browser()
    back = counter.travel(friend, "o_friend")
    nonce = friend.cookies[TRIP_COOKIE].partition(".")[0]
    friend.cookies.set(TRIP_COOKIE, f"{nonce}.{'s' * 22}", domain="127.0.0.1")
    assert friend.get(back).status_code == 403
    assert counter.attempts() == []
    with counter.house.tuanzi.database.reading() as session:
        assert session.scalars(select(Order.state)).all() == [OrderState.AWAITING_PAYMENT]

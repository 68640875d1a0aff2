"""Five people whom one link brings together in WeChat, four seats, a price that falls: nothing is
taken before the team is complete, and then from each only the price it came to.

Through OUR OWN STAND-IN of WeChat (wechat_platform.py) over real HTTP; the bank is the sandbox's.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from httpx import Client
from sqlalchemy import select

from bot.app import Tuanzi
from data.audit import audit
from data.group_buys import Campaign, CampaignTerms, PayMode, Seat, SeatState, Tier
from data.group_buys.campaigns import change_campaign
from data.kernel.money import Money
from data.payments import Refund
from data.payments.sandbox_bank import HOLD, SandboxPayment
from tests import calling
from tests.bot.browser import form_token
from tests.peers.telegram_world import settle, wait
from tests.peers.wechat_platform import APP_ID, Remote
from tests.peers.wechat_world import Phone, official_street

ADDRESSES = {
    "o_lan": "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
    "o_wei": "李伟 13900139000 北京市朝阳区建国路 8 号",
    "o_qi": "孙琪 13600136000 南京市玄武区中山路 9 号",
    "o_bo": "王博 13500135000 成都市武侯区人民路 3 号",
}
IN_WECHAT = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50 Language/zh_CN",
    "Accept-Language": "zh-CN",
    "Sec-Fetch-Site": "same-origin",
}
SEE_OTHER, FORBIDDEN = 303, 403
FIRST, LAST = 12800, 10800  # of the board game, in fen; from 99.00 on sending it is free


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody's telephone: the chat with the shop, and the link opened inside WeChat."""

    phone: Phone
    browser: Client
    link: str

    def opens(self) -> str:
        """The page of the team, as it stands now."""
        answer = self.browser.get(self.link)
        assert answer.status_code == 200
        return answer.text

    def introduces(self) -> None:
        """WeChat says who they are, after a press."""
        there = self.browser.get(f"/wechat/{APP_ID}/oauth?g={self.link[3:]}").headers["location"]
        as_them = {"x-openid": self.phone.openid}
        back = calling.get(there, headers=as_them).headers["location"]
        assert self.browser.get(back).headers["location"] == self.link

    def taps_join(self) -> int:
        form = {"csrf": form_token(self.browser.get(self.link))}
        return self.browser.post(f"{self.link}/join", data=form).status_code

    def pays(self) -> None:
        """Address, yes, and the page of the link."""
        self.phone.says(ADDRESSES[self.phone.openid])
        self.phone.sees("确认参团吗")
        self.phone.says("1")
        self.phone.sees("/pay/")
        self.phone.pays()
        settle(self.phone.tuanzi)
        self.phone.sees("已预留 ¥128，谢谢")


def test_five_by_one_link_one_leaves_one_comes_and_each_is_charged_the_last_price(
    tmp_path: Path,
) -> None:
    with official_street(tmp_path) as (tuanzi, platform):
        make_it_a_ladder(tuanzi)
        lan, wei, jun, qi, bo = four_come(tuanzi, platform)
        bo.introduces()
        assert "名额已满" in bo.opens()
        assert bo.taps_join() == FORBIDDEN  # there is no button: nothing that we wrote was sent
        assert "退掉" in jun.phone.says("退团")
        assert bo.taps_join() == SEE_OTHER
        bo.phone.sees("现在只预留 ¥128")
        for friend in (lan, wei, qi):
            friend.pays()
        assert taken(tuanzi) == []
        bo.pays()
        for friend in (lan, wei, qi, bo):
            friend.phone.sees(r"一共 4 人付款，每件 ¥108。订单 \d+ 只按这个价扣款")
            friend.browser.close()
        assert "已经成团" in jun.opens()
        assert "/pay/" not in "\n".join(jun.phone.seen())
        jun.browser.close()
        settle(tuanzi)
        assert_money_to_the_cent(tuanzi)


def test_who_finds_the_team_full_on_its_page_stands_in_line_by_its_code_and_is_seated(
    tmp_path: Path,
) -> None:
    with official_street(tmp_path) as (tuanzi, platform):
        make_it_a_ladder(tuanzi)
        friends = four_come(tuanzi, platform)
        jun, bo = friends[2], friends[4]
        assert "到微信排队" in bo.opens()
        code = bo.browser.get(f"{bo.link}/wechat").text
        assert "不一定会有名额空出来" in code
        ticket = re.search(r"showqrcode\?ticket=([^\"&]+)", code)
        assert ticket
        platform.scans(openid="o_bo", ticket=unquote(ticket[1]))
        bo.phone.sees("你会排在第 1 位")
        assert "你排在第 1 位" in bo.phone.says("1")
        assert "1 人在排队" in bo.opens()
        assert "退掉" in jun.phone.says("退团")
        bo.phone.sees("空出来一个名额，轮到你了")
        bo.phone.says("1")
        bo.phone.sees("寄到哪里")
        bo.pays()
        for friend in friends:
            friend.browser.close()
        with tuanzi.database.reading() as session:
            held = sorted(session.scalars(select(Seat.state)))
            assert audit(session, now=tuanzi.clock.now()) == []
        assert held == sorted([SeatState.HELD] * 3 + [SeatState.PAID, SeatState.RELEASED])


def make_it_a_ladder(tuanzi: Tuanzi) -> None:
    """The board game's campaign: money is only reserved, two are enough, four pay least."""
    with tuanzi.database.transaction() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.key == "board-game-night")).one()
        terms = CampaignTerms(
            team_size=2,
            team_price=Money(FIRST, "CNY"),
            window=timedelta(hours=48),
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            title=campaign.title,
            key=campaign.key,
            tiers=(Tier(3, Money(11800, "CNY")), Tier(4, Money(LAST, "CNY"))),
            modes=(PayMode.HOLD,),
            longest_hold=HOLD,
        )
        change_campaign(
            session,
            merchant_id=campaign.merchant_id,
            campaign_id=campaign.id,
            terms=terms,
            now=tuanzi.clock.now(),
        )


def four_come(tuanzi: Tuanzi, platform: Remote) -> list[Friend]:
    """One begins, one scans the link's code, two tap on its page; the fifth has yet to."""
    lan = Phone(tuanzi, platform, "o_lan")
    choice = re.search(r"(\d)\. 发链接拼：四人拼桌游", lan.says("拼团买桌游"))
    assert choice
    lan.says(choice[1])
    found = re.search(r"/g/[\w-]{22}", lan.sees("/g/"))
    assert found
    friends = [
        Friend(Phone(tuanzi, platform, openid), browser_at(tuanzi), found[0])
        for openid in ("o_lan", "o_wei", "o_jun", "o_qi", "o_bo")
    ]
    platform.scans(openid="o_wei", scene=found[0][3:])
    for friend in friends[2:]:
        platform.follows(openid=friend.phone.openid)
    for friend in friends[2:4]:
        friend.introduces()
        assert friend.taps_join() == SEE_OTHER
    for friend in friends[:4]:  # a mere event allows three messages, the question being the third
        friend.phone.sees("给你留了一个名额，团购价 ¥128")
        friend.phone.sees("现在只预留 ¥128")
        friend.phone.sees("寄到哪里")
    return friends


def browser_at(tuanzi: Tuanzi) -> Client:
    """Like any browser it takes an address of this machine for one that is sealed."""

    def trust(_answer: object) -> None:
        for cookie in browser.cookies.jar:
            cookie.secure = False

    browser = calling.client(base_url=tuanzi.settings.public_url, headers=IN_WECHAT)
    browser.event_hooks = {"response": [trust]}
    return browser


def taken(tuanzi: Tuanzi) -> list[int]:
    """What the BANK has charged so far, rather than reserved."""
    captured = select(SandboxPayment.amount_minor).where(SandboxPayment.status == "captured")
    with tuanzi.database.reading() as session:
        return list(session.scalars(captured))


def assert_money_to_the_cent(tuanzi: Tuanzi) -> None:
    wait(lambda: len(taken(tuanzi)) == len(ADDRESSES) or None, lambda: taken(tuanzi))
    assert taken(tuanzi) == [LAST] * 4
    with tuanzi.database.reading() as session:
        assert session.scalars(select(Refund)).all() == []
        seats = sorted(session.scalars(select(Seat.state)))
        assert audit(session, now=tuanzi.clock.now()) == []
    assert seats == sorted([SeatState.FULFILLED] * 4 + [SeatState.RELEASED])

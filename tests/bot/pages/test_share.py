"""The page of a shared team: true for everybody, named by nobody, joined only by who introduced
themselves, and harmless to open."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.publishing import publish_shipped_flows
from bot.web.headers import SHARE_POLICY, WECHAT_SHARE_POLICY
from data.catalogue import Product
from data.conversations import DeepLink
from data.delivery.models import Job, OutboxRow
from data.group_buys import (
    Campaign,
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
    revoke_shares,
    share_team,
)
from data.group_buys import join as join_team
from data.group_buys.tier_models import TeamTier
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from data.kernel.tokens import fingerprint
from data.merchants import ChannelAccount, Merchant
from data.orders import Order, OrderState
from data.people import ChannelIdentity, Person, grant_consent, meet_chat
from data.people.consent import Asked, ConsentPurpose
from dialogs.calling import BEGIN
from integrations.wechat_pages import signature
from tests.bot.browser import form_token
from tests.bot.conftest import Street
from tests.bot.pages.shared_team import Shared, connect
from tests.builders import NOW
from tests.peers.wechat_platform import APP_ID

LANGUAGES = {"zh-CN": "还差 3 人成团", "zh-TW": "還差 3 人成團", "en-GB": "3 to go"}


def page(shared: Shared, *, wechat: bool = True, language: str = "zh-CN", query: str = "") -> str:
    answer = shared.browser(wechat=wechat, language=language).get(f"/g/{shared.token}{query}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("language", "words"), LANGUAGES.items())
def test_the_count_both_prices_and_the_time_left_are_there_in_three_languages(
    shared: Shared, language: str, words: str
) -> None:
    text = page(shared, language=language)
    assert words in text
    assert re.search(r"88\.00", text)
    assert re.search(r"66\.00", text)
    assert "share." not in re.sub(r"/static/\w+/share\.js", "", text)
    assert 'http-equiv="refresh"' in text


@pytest.mark.parametrize(
    ("language", "one_address", "new_only"),
    [
        ("zh-CN", "全团的包裹都寄到团长给的一个地址", "第一次在店里买东西"),
        ("zh-TW", "全團的包裹都寄到主揪給的一個地址", "第一次在店裡買東西"),
        ("en-GB", "All parcels go to one address", "buy here for the first time"),
    ],
)
def test_what_is_particular_about_the_team_is_said(
    shared: Shared, language: str, one_address: str, new_only: str
) -> None:
    with shared.tuanzi.database.transaction() as session:
        team = session.get_one(Team, shared.team)
        team.ship_to_one = True
        session.get_one(Campaign, team.campaign_id).new_customers_only = True
        order = session.scalars(select(Order).where(Order.merchant_id == shared.merchant)).first()
        assert order is not None
        order.state = OrderState.DELIVERED
        buyer = order.person_id
        team.leader_id = buyer
        session.execute(
            update(Seat).where(Seat.team_id == team.id).values(state=SeatState.RELEASED)
        )
        session.execute(update(Team).where(Team.id == team.id).values(held=0))
    assert one_address in page(shared, language=language)
    browser = shared.introduced("somebody")
    with shared.tuanzi.database.transaction() as session:
        newcomer = session.scalar(
            select(ChannelIdentity).where(ChannelIdentity.external_id == "somebody")
        )
        assert newcomer is not None
        session.execute(
            update(Order).where(Order.person_id == buyer).values(person_id=newcomer.person_id)
        )
    browser.headers["Accept-Language"] = language
    with shared.tuanzi.database.transaction() as session:
        session.get_one(Person, newcomer.person_id).locale = Locale.closest(language)
    refused = shared.press(browser, "join")
    assert refused.status_code == 409
    assert new_only in refused.text


def test_the_language_may_be_chosen_and_a_browser_that_says_none_gets_the_teams(
    shared: Shared,
) -> None:
    assert LANGUAGES["zh-TW"] in page(shared, query="?lang=zh-Hant")
    assert LANGUAGES["zh-CN"] in page(shared, language="fi")


def test_t16_nobody_is_named_though_they_agreed_to_be_on_cards(shared: Shared) -> None:
    with shared.tuanzi.database.transaction() as session:
        person = session.get_one(Person, shared.team_now().leader_id)
        person.name = "CANARY Lan"
        asked = Asked("1", "zh-Hans", "wechat", "m1")
        grant_consent(
            session, person=person, purpose=ConsentPurpose.SHARE_CARD, asked=asked, now=NOW
        )
        session.execute(
            update(Seat).where(Seat.team_id == shared.team).values(state=SeatState.PAID)
        )
        session.execute(update(Team).where(Team.id == shared.team).values(paid=1))
    text = page(shared)
    assert "CANARY" not in text
    assert shared.team not in text
    assert shared.merchant not in text
    assert "1/3" in text


def test_t10_a_hundred_looks_change_nothing(shared: Shared) -> None:
    before = shared.team_now().version
    browser = shared.browser(wechat=False)
    clock = shared.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    for _ in range(50):
        assert browser.get(f"/g/{shared.token}").status_code == 200
        assert browser.head(f"/g/{shared.token}").status_code == 200
        clock.advance(timedelta(seconds=2))
    assert shared.team_now().version == before


def test_t08_guesses_all_look_the_same_and_then_end(shared: Shared) -> None:
    browser = shared.browser()
    answers = [browser.get(f"/g/{number:022d}") for number in range(40)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429] * 20
    assert len({answer.text for answer in answers[:20]}) == 1


def test_a_link_that_was_closed_says_so_and_another_one_stays_open(shared: Shared) -> None:
    with shared.tuanzi.database.transaction() as session:
        told = {"merchant_id": shared.merchant, "team_id": shared.team, "now": NOW}
        revoke_shares(session, **told)
        other = share_team(session, **told)
    browser = shared.browser(language="en")
    answer = browser.get(f"/g/{shared.token}")
    assert (answer.status_code, "This link was closed" in answer.text) == (410, True)
    assert browser.get(f"/g/{other}").status_code == 200


def test_a_link_is_kept_as_a_hash_only(shared: Shared) -> None:
    with shared.tuanzi.database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM team_shares").all()
    assert shared.token not in repr(rows)
    assert fingerprint(shared.token) in repr(rows)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (TeamState.SUCCESS, "已经成团"),
        (TeamState.FAILED, "付过的款全部退回"),
        (TeamState.CANCELLED, "已经取消"),
    ],
)
def test_a_team_that_is_over_says_how_and_offers_nothing(
    shared: Shared, state: TeamState, words: str
) -> None:
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Team).where(Team.id == shared.team).values(state=state))
    text = page(shared)
    assert words in text
    assert "oauth" not in text
    assert "<form" not in text


def test_a_team_whose_time_is_up_or_that_is_full_offers_nothing_either(shared: Shared) -> None:
    browser = shared.introduced("late")
    form = {"csrf": form_token(browser.get(f"/g/{shared.token}"))}
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Team).where(Team.id == shared.team).values(held=2, waiting=1))
    assert "名额已满" in page(shared)  # the place that is free is for who waits
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Team).where(Team.id == shared.team).values(held=3, waiting=0))
    assert "名额已满" in page(shared)
    refused = browser.post(f"/g/{shared.token}/join", data=form)
    assert (refused.status_code, "error_" in refused.text) == (409, False)
    assert 'role="alert"' in refused.text
    with shared.tuanzi.database.transaction() as session:
        over = update(Team).where(Team.id == shared.team)
        session.execute(over.values(held=1, expires_at=shared.tuanzi.clock.now()))
    assert "正在结算" in page(shared)
    assert browser.post(f"/g/{shared.token}/join", data=form).status_code == 409
    assert "<form" not in browser.get(f"/g/{shared.token}").text


def test_in_wechat_one_introduces_oneself_and_then_joins(shared: Shared) -> None:
    stranger = page(shared)
    assert f"/wechat/{APP_ID}/oauth?g={shared.token}" in stranger
    browser = shared.introduced("ann")
    assert f'action="/g/{shared.token}/join"' in browser.get(f"/g/{shared.token}").text
    assert shared.press(browser, "join").status_code == 303
    team = shared.team_now()
    assert (team.held, team.paid) == (2, 0)
    text = browser.get(f"/g/{shared.token}").text
    assert "名额为你保留到" in text
    assert "名额为你保留到" not in page(shared)


def test_a_form_pressed_twice_takes_one_seat(shared: Shared) -> None:
    browser = shared.introduced("ann")
    form = {"csrf": form_token(browser.get(f"/g/{shared.token}"))}
    for _ in range(2):
        assert browser.post(f"/g/{shared.token}/join", data=form).status_code == 303
    assert shared.team_now().held == 2


def test_who_can_be_written_to_is_told_in_the_chat_how_it_goes_on(shared: Shared) -> None:
    browser = shared.introduced("ann")
    with shared.tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == "wechat")
        ).one()
        meet_chat(session, account=account, external_id="ann", kind="private", title="", now=NOW)
    shared.press(browser, "join")
    with shared.tuanzi.database.reading() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == BEGIN))
        seat = session.scalars(select(Seat).order_by(Seat.created_at.desc(), Seat.id)).all()
    assert job.args["flow"] == "group_checkout"
    assert job.args["slots"]["seat_taken"] in {one.id for one in seat}


def test_who_makes_it_complete_is_asked_to_pay_in_the_chat_and_nothing_else_begins_there(
    shared: Shared,
) -> None:
    with shared.tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == "wechat")
        ).one()
        meet_chat(session, account=account, external_id="ann", kind="private", title="", now=NOW)
        team = session.get_one(Team, shared.team)
        team.mode, team.target = PayMode.JOIN_FIRST, 2
        publish_shipped_flows(session, merchant_id=shared.merchant, by="mei", now=NOW)
    shared.press(shared.introduced("ann"), "join")
    with shared.tuanzi.database.reading() as session:
        asked = select(OutboxRow).where(OutboxRow.response == "utter_seat_pay_now")
        assert len(session.scalars(asked).all()) == 1
        assert session.scalars(select(Job).where(Job.kind == BEGIN)).all() == []


def test_who_has_a_seat_gets_a_code_of_their_own_into_the_chat(shared: Shared) -> None:
    browser = shared.introduced("ann")
    assert browser.post(f"/g/{shared.token}/onward").status_code == 403
    assert shared.press(browser, "onward").status_code == 409  # no seat yet
    shared.press(browser, "join")
    answer = shared.press(browser, "onward")
    assert answer.status_code == 200
    picture = re.search(r"showqrcode\?ticket=([^\"]+)", answer.text)
    assert picture
    told = shared.platform.scans(openid="ann", ticket=picture[1].replace("%3D", "="))
    assert told["answer"] is None  # nobody listens there in this test
    scene = shared.platform.log()["pushes"][-1]["fields"]["EventKey"].removeprefix("qrscene_")
    with shared.tuanzi.database.reading() as session:
        link = session.get_one(DeepLink, fingerprint(scene))
        person = session.scalars(
            select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == "ann")
        ).one()
    assert (link.flow, link.person_id) == ("group_checkout", person)


def test_elsewhere_one_joins_in_the_shops_chats(shared: Shared) -> None:
    with shared.tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == "rest").limit(1)
        ).one()
        bot = ChannelAccount(
            id="acc_bot",
            merchant_id=shared.merchant,
            channel="telegram",
            external_id="7",
            settings={"username": "shop_bot"},
            created_at=account.created_at,
        )
        session.add(bot)
    text = page(shared, wechat=False)
    assert f"https://t.me/shop_bot?start={shared.token}" in text
    assert f"/g/{shared.token}/wechat" in text
    assert "oauth" not in text
    code = shared.browser(wechat=False).get(f"/g/{shared.token}/wechat")
    assert "showqrcode?ticket=" in code.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_t42_another_page_cannot_join_for_somebody(shared: Shared, site: str) -> None:
    browser = shared.introduced("ann")
    form = {"csrf": form_token(browser.get(f"/g/{shared.token}"))}
    foreign = {"Sec-Fetch-Site": site}
    answer = browser.post(f"/g/{shared.token}/join", data=form, headers=foreign)
    assert answer.status_code == 403
    assert browser.post(f"/g/{shared.token}/join").status_code == 403
    assert browser.post(f"/g/{shared.token}/join", data={"csrf": "团"}).status_code == 403
    assert shared.browser().post(f"/g/{shared.token}/join", data={"csrf": ""}).status_code == 403
    assert shared.team_now().held == 1


def test_somebody_known_to_another_shop_is_a_stranger_here(shared: Shared, street: Street) -> None:
    browser = shared.introduced("ann")
    connect(shared.tuanzi, street.theirs.merchant, "wx_theirs", "their-secret")
    with shared.tuanzi.database.transaction() as session:
        theirs = share_team(
            session, merchant_id=street.theirs.merchant, team_id=street.theirs.team, now=NOW
        )
    text = browser.get(f"/g/{theirs}").text
    assert "/wechat/wx_theirs/oauth" in text
    assert "<form" not in text


def test_a_child_takes_no_seat(shared: Shared) -> None:
    browser = shared.introduced("kid")
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Person).values(minor_since=NOW))
    answer = shared.press(browser, "join")
    assert answer.status_code == 409
    assert shared.team_now().held == 1


def test_the_limits_of_seats_hold_here_too(shared: Shared) -> None:
    browser = shared.introduced("ann")
    with shared.tuanzi.database.transaction() as session:
        person = session.scalars(
            select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == "ann")
        ).one()
        join_team(session, team_id=shared.team, person_id=person, now=NOW)
        session.execute(
            update(Seat).where(Seat.person_id == person).values(state=SeatState.RELEASED)
        )
        session.connection().exec_driver_sql(
            "UPDATE seat_takers SET paused_until = '2030-01-01 00:00:00+00:00'"
        )
    answer = shared.press(browser, "join")
    assert answer.status_code == 429
    assert "最多一小时" in answer.text


def test_t43_every_answer_is_private_cannot_be_framed_and_runs_no_script_of_others(
    shared: Shared,
) -> None:
    browser = shared.browser(wechat=False)
    answers = [browser.get(f"/g/{shared.token}"), browser.get("/g/none")]
    answers.append(browser.post(f"/g/{shared.token}/join"))
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
    assert answers[0].headers["content-security-policy"] == SHARE_POLICY
    assert "<script" not in answers[0].text


def test_in_wechat_the_page_carries_its_share_card_and_a_signature_of_itself(
    shared: Shared,
) -> None:
    query = "?from=singlemessage&isappinstalled=0"
    answer = shared.browser().get(f"/g/{shared.token}{query}")
    assert answer.headers["content-security-policy"] == WECHAT_SHARE_POLICY
    told = dict(re.findall(r'data-(\w+)="([^"]*)"', answer.text))
    url = f"{shared.tuanzi.settings.public_url}/g/{shared.token}{query}"
    count = shared.platform.log()["tickets_issued"]
    expected = signature(
        ticket=f"TICKET-CANARY-{count}",
        nonce=told["nonce"],
        timestamp=int(told["timestamp"]),
        url=url,
    )
    assert (told["app"], told["signature"]) == (APP_ID, expected)
    assert "CANARY" not in answer.text
    assert f'og:url" content="{shared.tuanzi.settings.public_url}/g/{shared.token}"' in answer.text
    assert re.search(r'og:title" content="[^"]*还差 3 人成团"', answer.text)


def test_without_the_platform_the_page_is_there_all_the_same(shared: Shared) -> None:
    shared.platform.refuse(path="/cgi-bin/stable_token", code=-1)
    with shared.tuanzi.database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM channel_tokens")
    assert "<script" not in page(shared)
    shared.platform.refuse(path="/cgi-bin/stable_token", code=-1)
    assert shared.browser().get(f"/g/{shared.token}/wechat").status_code == 502


def test_t21_a_name_in_the_catalogue_is_text_on_the_page(shared: Shared) -> None:
    hostile = '<img src=x onerror="alert(1)">"><script>alert(1)</script>'
    with shared.tuanzi.database.transaction() as session:
        session.execute(update(Product).values(title={"zh-Hans": hostile}))
    text = page(shared, wechat=False)
    assert "<script" not in text
    assert "<img src=x" not in text


def test_many_join_at_once_and_no_seat_too_many_is_taken(shared: Shared) -> None:
    browsers = [shared.introduced(f"person-{number}") for number in range(5)]

    async def all_join() -> list[int]:
        pressing = [asyncio.to_thread(shared.press, one, "join") for one in browsers]
        return [answer.status_code for answer in await asyncio.gather(*pressing)]

    codes = asyncio.run(all_join())
    assert sorted(codes) == [303, 303, 409, 409, 409]
    assert shared.team_now().held == 3


@pytest.mark.parametrize(
    ("language", "joined", "later"),
    [
        ("zh-CN", "已有 1 人参加，还差 2 人成团", "先参团，人齐了再付款。"),
        ("zh-TW", "已有 1 人參加，還差 2 人成團", "先跟團，人齊了再付款。"),
        ("en-GB", "1 joined, 2 to go", "You join now and pay when the team is full."),
    ],
)
def test_where_people_join_first_those_who_joined_are_counted(
    shared: Shared, language: str, joined: str, later: str
) -> None:
    with shared.tuanzi.database.transaction() as session:
        session.get_one(Team, shared.team).mode = PayMode.JOIN_FIRST
    text = page(shared, language=language)
    assert joined in text
    assert later in text
    assert "1/3" in text


@pytest.mark.parametrize(
    ("language", "ladder", "hold"),
    [
        ("zh-CN", "满 5 人的价格", "成团前只预留额度"),
        ("zh-TW", "滿 5 人的價格", "成團前只保留額度"),
        ("en-GB", "Price from 5 people", "the money is only reserved until the team is complete"),
    ],
)
def test_the_ladder_and_when_money_is_taken_are_told_also_to_who_only_sees_the_card(
    shared: Shared, language: str, ladder: str, hold: str
) -> None:
    with shared.tuanzi.database.transaction() as session:
        team = session.get_one(Team, shared.team)
        team.mode, team.target = PayMode.HOLD, 5
        session.add(
            TeamTier(team_id=team.id, merchant_id=team.merchant_id, min_size=5, price_minor=5900)
        )
    text = page(shared, language=language)
    assert ladder in text
    assert hold in text
    description = re.search(r'og:description" content="([^"]*)"', text)
    assert description
    assert "59.00" in description[1]


@pytest.mark.parametrize(
    ("language", "paid", "joined", "card"),
    [
        (
            "zh-CN",
            "已付款 3 人，可以成团了，",
            "已有 3 人参加，可以成团了，",
            "人数已够，还有 2 个名额",
        ),
        (
            "zh-TW",
            "已付款 3 人，可以成團了，",
            "已有 3 人參加，可以成團了，",
            "人數已夠，還有 2 個名額",
        ),
        (
            "en-GB",
            "3 paid, so it is on, ",
            "3 joined, so it is on, ",
            "it is on, with room for 2 more",
        ),
    ],
)
def test_a_ladder_that_needs_nobody_any_more_says_what_room_it_has(
    shared: Shared, language: str, paid: str, joined: str, card: str
) -> None:
    with shared.tuanzi.database.transaction() as session:
        team = session.get_one(Team, shared.team)
        team.target, team.held, team.paid = 5, 3, 3
        session.add(
            TeamTier(team_id=team.id, merchant_id=team.merchant_id, min_size=5, price_minor=5900)
        )
    text = page(shared, language=language)
    assert paid in text
    title = re.search(r'og:title" content="([^"]*)"', text)
    assert title
    assert card in title[1]
    with shared.tuanzi.database.transaction() as session:
        session.get_one(Team, shared.team).mode = PayMode.JOIN_FIRST
    assert joined in page(shared, language=language)


@pytest.mark.parametrize(
    ("language", "chinas", "new_yorks"),
    [
        ("zh-CN", r"中国时间 [^<]*\d\d?:\d\d 截止", r"北美东部时间 [^<]*\d\d?:\d\d 截止"),
        ("zh-TW", r"中國時間 [^<]*\d\d?:\d\d 截止", r"東部時間 [^<]*\d\d?:\d\d 截止"),
        ("en-GB", r"until [^<]*\d\d:\d\d \(China Time\)", r"\d\d:\d\d \(Eastern Time\)"),
    ],
)
def test_the_end_is_told_by_the_shops_clock_and_which_one_that_is(
    shared: Shared, language: str, chinas: str, new_yorks: str
) -> None:
    assert re.search(chinas, page(shared, language=language))
    with shared.tuanzi.database.transaction() as session:
        session.get_one(Merchant, shared.merchant).timezone = "America/New_York"
    assert re.search(new_yorks, page(shared, language=language))


def test_who_has_a_place_sees_in_which_zone_its_time_is_told(shared: Shared) -> None:
    browser = shared.introduced("ann")
    shared.press(browser, "join")
    assert re.search(
        r"名额为你保留到中国时间 [^<]*\d\d?:\d\d", browser.get(f"/g/{shared.token}").text
    )

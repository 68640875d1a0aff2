"""J1 at a desk of WeCom's customer service, through its stand-in over real HTTP; and what only
WeCom has: greetings, menus that are pressed, staff of its own, groups in which nothing is said."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import Tuanzi, build
from data.audit import audit
from data.delivery.models import Cursor
from data.kernel.clock import SystemClock
from tests.peers.telegram_world import seed_shop, serving, wait
from tests.peers.wechat_platform import Remote
from tests.peers.wecom_platform import running_wecom
from tests.peers.wecom_world import Customer, desk_street, inbox_of, settle, shop_at

pytestmark = pytest.mark.slow
_people = count(1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tuanzi, Remote]]:
    with desk_street(tmp_path_factory.mktemp("wecom"), page=2) as street:
        yield street


@pytest.fixture
def ann(shop: tuple[Tuanzi, Remote]) -> Customer:
    tuanzi, platform = shop
    return Customer(tuanzi, platform, f"wm_ann_{next(_people)}")


def test_wecom_takes_our_address(ann: Customer) -> None:
    assert ann.platform.verify(echo="7315") == {"status": 200, "answer": "7315"}


def test_a_gift_is_found_bought_and_paid_for_at_the_desk(ann: Customer) -> None:
    ann.says("something for my brother, he climbs, under $50")
    found = ann.sees("A few ideas for your brother")
    assert re.search(r"^2\. ", found, re.MULTILINE), found
    ann.says("2")
    settle(ann.tuanzi)
    ann.says("1")
    settle(ann.tuanzi)
    ann.says("Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco")
    ann.sees("Shall I place the order")
    ann.presses("Yes")
    ann.sees("/pay/")
    ann.pays()
    ann.sees("(?i)paid|thank")
    settle(ann.tuanzi)
    with ann.tuanzi.database.reading() as session:
        assert audit(session, now=ann.tuanzi.clock.now()) == []
    assert "Market Street" not in str([row.payload for row in inbox_of(ann.tuanzi)])


def test_a_place_in_the_news_that_is_refused_is_left_out(ann: Customer) -> None:
    ann.says("hello")
    settle(ann.tuanzi)
    before = len(ann.messages())
    with ann.tuanzi.database.transaction() as session:
        session.execute(update(Cursor).values(position="of-another-desk"))
    ann.says("what can you do?")
    ann.sees("我能做这些|Here is what I can do")
    settle(ann.tuanzi)
    assert len(ann.messages()) == before + 1  # what came again was not answered again
    with ann.tuanzi.database.reading() as session:
        assert str(session.scalars(select(Cursor.position)).one()).startswith("cur-")


def test_who_comes_in_is_greeted_with_a_menu_and_presses_it(ann: Customer) -> None:
    ann.platform.enters(who=ann.id)
    ann.sees("Tuanzi|团子")
    assert [one["by"] for one in ann.messages()] == ["greeting"]
    assert ann.messages()[0]["msgtype"] == "msgmenu"
    ann.presses("挑礼物")
    settle(ann.tuanzi)
    assert ann.messages()[1:]
    ann.platform.enters(who=ann.id)  # again: WeCom gives no word for it, and nothing is said
    settle(ann.tuanzi)
    assert [one["by"] for one in ann.messages()].count("greeting") == 1


def test_who_comes_by_the_link_of_a_team_has_a_seat_in_it(ann: Customer) -> None:
    ann.says("start a group buy for the teapot")
    ann.sees("Share a link")
    ann.presses("Teapot for three")
    (token,) = re.findall(r"/g/([\w-]{22})", ann.sees("/g/"))
    settle(ann.tuanzi)
    bob = Customer(ann.tuanzi, ann.platform, f"{ann.id}_bob")
    bob.platform.enters(who=bob.id, scene_param=token)
    bob.sees("A seat in|名额")
    assert [one["by"] for one in bob.messages()] == ["greeting"]


def test_a_press_of_another_customers_menu_does_nothing_of_theirs(ann: Customer) -> None:  # T05
    bob = Customer(ann.tuanzi, ann.platform, f"{ann.id}_bob")
    ann.says("something for my brother, he climbs, under $50")
    ann.sees("A few ideas for your brother")
    settle(ann.tuanzi)
    menu = next(one["msgmenu"] for one in ann.messages() if one["msgtype"] == "msgmenu")
    stolen = menu["list"][0]["click"]
    before = len(ann.messages())
    told = {"content": stolen["content"], "menu_id": stolen["id"]}
    bob.platform.sends(who=bob.id, kind="text", content=told)
    settle(ann.tuanzi)
    assert len(ann.messages()) == before
    assert "A few ideas for your brother" not in "\n".join(bob.seen())


def test_the_sixth_message_is_not_said_and_the_next_word_opens_five_again(ann: Customer) -> None:
    ann.says("你好")
    settle(ann.tuanzi)
    rows = [ann.told(f"第{number}条") for number in range(6)]
    assert (rows[-1].state, rows[-1].error) == ("failed", "NotAllowed no_window")
    assert len(ann.messages()) == 5
    ann.says("还在吗")
    settle(ann.tuanzi)
    assert len(ann.messages()) > 5


def test_after_48_hours_nothing_is_said_though_we_counted_otherwise(ann: Customer) -> None:
    ann.says("你好")
    settle(ann.tuanzi)
    ann.platform.advance(seconds=49 * 3600)
    row = ann.told("已发货")
    assert (row.state, row.error) == ("failed", "NotAllowed no_window")
    assert "已发货" not in "\n".join(ann.seen())


def test_while_their_staff_have_the_talk_we_are_silent(ann: Customer) -> None:
    ann.says("你好")
    settle(ann.tuanzi)
    ann.platform.staff_takes(who=ann.id)
    ann.platform.staff_says(who=ann.id, text="我来帮您")
    row = ann.told("已发货")
    assert (row.state, row.error) == ("failed", "NotAllowed with_staff")
    assert "我来帮您" not in str([row.payload for row in inbox_of(ann.tuanzi)])


def test_who_asks_for_a_person_is_given_to_the_staff_of_the_desk(tmp_path: Path) -> None:
    seed_shop(tmp_path / "shop.db")
    with running_wecom() as platform:
        tuanzi = shop_at(tmp_path / "shop.db", platform, staff=True)
        ann = Customer(tuanzi, platform, "wm_ann")
        with serving(tuanzi):
            ann.says("你好")
            settle(tuanzi)
            assert "kf/service_state/trans" not in [one["path"] for one in platform.log()["calls"]]
            ann.says("转人工")
            settle(tuanzi)
            wait(lambda: ann.messages()[1:] or None, ann.seen)  # told so, and then handed over
            row = ann.told("已发货")
    assert (row.state, row.error) == ("failed", "NotAllowed with_staff")


def test_an_answer_that_was_lost_on_its_way_is_shown_once(ann: Customer) -> None:
    ann.says("你好")
    settle(ann.tuanzi)
    ann.platform.dawdle(path="kf/send_msg")
    row = ann.told("已发货")
    assert (row.state, row.attempts) == ("sent", 2)
    assert "\n".join(ann.seen()).count("已发货") == 1


def test_a_token_that_dies_is_renewed_and_nothing_is_lost(ann: Customer) -> None:
    ann.platform.kill_tokens()
    ann.says("你好")
    ann.sees(".")
    ann.platform.kill_tokens()
    assert ann.told("已发货").state == "sent"


def test_a_message_whose_bell_was_lost_comes_with_the_next_one(ann: Customer) -> None:
    ann.platform.says(who=ann.id, text="你好", rings=False)
    bob = Customer(ann.tuanzi, ann.platform, f"{ann.id}_bob")
    bob.says("你好")
    ann.sees(".")
    bob.sees(".")


def test_pages_with_gaps_lose_nothing(ann: Customer) -> None:
    ann.platform.rules(gaps=True)
    try:
        for text in ("你好", "送妈妈的礼物"):
            ann.platform.says(who=ann.id, text=text, rings=False)
        ann.platform.ring()
        settle(ann.tuanzi)
        ann.sees("日子|occasion")
    finally:
        ann.platform.rules(gaps=False)


def test_a_customer_group_is_taken_in_and_nothing_is_said_there(ann: Customer) -> None:
    change = {"ChatId": "wr_tea", "ChangeType": "create", "FromUserName": "sys"}
    assert ann.platform.group(**change)["statuses"] == [200]
    change |= {"ChangeType": "update", "UpdateDetail": "add_member", "MemChangeList": ann.id}
    assert ann.platform.group(**change)["statuses"] == [200]
    settle(ann.tuanzi)
    assert ann.messages() == []


def test_a_restart_in_between_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """What was said while nobody listened, with its bell lost, is fetched when we are back."""
    seed_shop(tmp_path / "shop.db")
    with running_wecom(page=1) as platform:
        tuanzi = shop_at(tmp_path / "shop.db", platform)
        ann = Customer(tuanzi, platform, "wm_ann")
        ann.says("你好")  # nobody answers the bell
        with serving(tuanzi):
            ann.sees(".")
            settle(tuanzi)
        before = len(ann.messages())
        ann.says("送妈妈的礼物")
        again = build(tuanzi.settings, clock=SystemClock())
        with serving(again):
            wait(lambda: ann.messages()[before:] or None, ann.seen)
            settle(again)
        said = [row for row in inbox_of(again) if "kf" in row.payload]
        assert len({row.event_id for row in said}) == len(said) == 2

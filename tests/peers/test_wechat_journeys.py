"""What an official account's followers see, through WeChat's stand-in over real HTTP."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import select

from bot.app import Tuanzi
from data.catalogue import Product, Variant
from tests.peers.telegram_world import wait
from tests.peers.wechat_platform import Remote
from tests.peers.wechat_world import Phone, official_street

_people = count(1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tuanzi, Remote]]:
    with official_street(tmp_path_factory.mktemp("wechat")) as street:
        yield street


@pytest.fixture
def ann(shop: tuple[Tuanzi, Remote]) -> Phone:
    tuanzi, platform = shop
    return Phone(tuanzi, platform, f"o_ann_{next(_people)}")


def test_wechat_takes_our_address(ann: Phone) -> None:
    assert ann.platform.verify(echo="7315") == {"status": 200, "answer": "7315"}


def test_a_follower_is_greeted_and_chooses_by_number(ann: Phone) -> None:
    ann.platform.follows(openid=ann.openid)
    assert re.search(r"1\. \S", ann.sees("我是团子"))  # in the shop's language: none was spoken
    assert ann.says("1") != ann.seen()[0]


def test_a_bar_code_finds_its_product_or_a_kind_sentence(ann: Phone) -> None:
    with ann.tuanzi.database.reading() as session:
        known = select(Variant.gtin, Product.title).join(Product).where(Variant.gtin.is_not(None))
        code, title = session.execute(known.limit(1)).one()
    scan = ann.platform.scans_barcode
    scan(openid=ann.openid, key="6", kind="barcode", result=f"EAN_13,{code}")
    ann.sees("|".join(map(re.escape, title.values())))
    before = len(ann.seen())
    scan(openid=ann.openid, key="6", kind="barcode", result="EAN_13,6901939621608")
    wait(lambda: ann.seen()[before:] or None, ann.seen)


def test_what_is_said_first_needs_an_open_window_and_a_follower(ann: Phone) -> None:
    ann.says("你好")
    assert ann.told("已发货").state == "sent"
    ann.sees("已发货")
    ann.platform.unfollows(openid=ann.openid)
    row = ann.told("又一条")
    assert (row.state, row.error) in (
        ("failed", "Unreachable not_subscribed"),
        ("skipped", "unreachable"),
    )
    assert "又一条" not in "\n".join(ann.seen())


def test_the_sixth_message_is_not_said(ann: Phone) -> None:
    ann.says("你好")
    states = [ann.told(f"第{number}条").state for number in range(6)]
    assert states[-1] == "failed"
    assert states.count("sent") <= 5


def test_a_posters_code_opens_the_chat(ann: Phone) -> None:
    ann.platform.scans(openid=ann.openid, scene="spring")
    ann.sees("团子|Tuanzi")


def test_a_gift_is_found_by_talking(ann: Phone) -> None:
    ann.says("送妈妈的生日礼物，300元以内")
    ann.sees(r"1\. ")
    assert "passive" in ann.kinds()
    assert "platform" not in ann.kinds()  # WeChat never had to apologise for us


@pytest.mark.parametrize(
    ("gift", "more", "cheaper", "answer", "aside"),
    [
        ("birthday gift for mum under 300", "Show more", "Cheaper", "These cost less", "my orders"),
        ("送妈妈的生日礼物，300元以内", "再看几个", "便宜点", "这几样更便宜", "我的订单"),
        ("送媽媽的生日禮物，300元以內", "再看幾個", "便宜一點", "這幾樣更便宜", "我的訂單"),
    ],
)  # fmt: skip
def test_below_the_ideas_too_each_choice_stands_with_its_number(
    ann: Phone, gift: str, more: str, cheaper: str, answer: str, aside: str
) -> None:
    shown = ann.says(gift)
    # Beside each idea the way to pay for it together; a number is one choice's alone.
    assert re.findall(r"(?m)^(\d)\. ", shown) == ["1", "4", "2", "5", "3", "6", "7", "8"]
    assert shown.endswith(f"7. {more}\n8. {cheaper}")
    assert answer in ann.says("8")
    assert f"1. {more}\n2. {cheaper}" in ann.says(aside)
    assert answer in ann.says("2")  # not the second idea: this is what was written last

"""Where it goes: read in pieces and in any order, and in no log (T14)."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.play.actor import Actor
from bot.play.reading import read_stories
from bot.play.world import open_world
from data.conversations import Conversation, ConversationEvent
from data.delivery.models import InboxRow
from data.orders import AddressParts
from dialogs.understanding.addresses import holds_address, is_address, read_address
from tests.builders import NOW

FULL = AddressParts("张小兰", "13800138000", "上海市徐汇区漕溪路 1 号")


@pytest.mark.parametrize(
    "text",
    [
        "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
        "上海市徐汇区漕溪路 1 号 张小兰 13800138000",
        "张小兰，13800138000，上海市徐汇区漕溪路 1 号",
        "收件人：张小兰，电话：13800138000，地址：上海市徐汇区漕溪路 1 号",
        "不对，地址是 张小兰 13800138000 上海市徐汇区漕溪路 1 号",
        "我叫张小兰，手机号是13800138000，寄到上海市徐汇区漕溪路 1 号",
    ],
)
def test_an_address_is_read_in_any_order(text: str) -> None:
    assert read_address(text) == FULL
    assert is_address(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1 Market Street, San Francisco, Ann Lee, +1 415 555 2671", "Ann Lee"),
        ("Ann Lee 1 Market Street San Francisco +1 415 555 2671", "Ann Lee"),
        ("Apt 5, 10 High St, Leeds LS1 4HR, Jane Doe, 07911 123456", "Jane Doe"),
        ("send it to Bob Ray, 5 Main Street, Boston, +1 415 555 9999", "Bob Ray"),
        ("陳先生 0912-345-678 新北市板橋區文化路二段 182 巷 33 號 5 樓", "陳先生"),
        ("+1 415 555 2671, 1 Market Street, San Francisco", ""),
    ],
)
def test_the_name_is_not_the_city(text: str, name: str) -> None:
    assert read_address(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "运到台北市信義區要多久", "1 place mat please", "I want 2 of the big house candles",
        "买一个上海路线图", "wrong address", "预算300到500，送我妈", "是不是贵了", "I'm not sure",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_place_is_no_address(text: str) -> None:
    assert not is_address(text)


def test_a_street_is_kept_out_of_logs_wherever_it_is_written() -> None:
    assert holds_address("张小兰 13800138000 上海市徐汇区漕溪路 1 号")
    assert holds_address("12 Oak Avenue, Boston")
    assert not holds_address("有没有两百以内的茶具")


STORY = """
test_cases:
  - test_case: an address in pieces, then another one
    locale: zh-Hans
    steps:
      - {as: Lan, user: 有没有茶壶}
      - {user: 买第一个}
      - {user: 月白}
      - {user: 漕溪路1号 小兰}
      - {user: "13800138000"}
      - {user: 李四 13912345679 北京市朝阳区建国路88号}
"""


def test_neither_pieces_nor_a_new_address_at_the_summary_are_written_down(tmp_path: Path) -> None:
    file = tmp_path / "address.yml"
    file.write_text(STORY, encoding="utf-8")
    world = open_world(NOW)
    try:
        Actor(read_stories(file)[0], world).act()
        with world.tuanzi.database.reading() as session:
            rows = [
                *session.scalars(select(ConversationEvent.body)),
                *session.scalars(select(Conversation.snapshot)),
                *session.scalars(select(InboxRow.payload)),
            ]
    finally:
        world.close()
    written = json.dumps(rows, ensure_ascii=False)
    assert "茶壶" in written  # the rest is there to be read
    for word in ("漕溪路", "建国路", "13800138000", "13912345679", "李四"):
        assert word not in written

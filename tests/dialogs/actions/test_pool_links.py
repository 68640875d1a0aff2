"""The link of a present that fell into the wrong hands: its organiser closes it by a button, and
has another to pass on."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.play.world import World
from data.conversations.said import Said
from data.pools.models import PoolShare
from tests.dialogs.actions.test_group_buying import private, say
from tests.worlds import world_at

world = world_at(datetime(2026, 11, 22, 2, tzinfo=UTC))

WORDS = {
    "en": ("chip in for Ann's present", "tea caravan", "2", "yes", "Close the link"),
    "zh-Hans": ("凑份子送给小李", "桌游《茶马古道》", "2", "好，发起", "关掉链接"),
    "zh-Hant": ("湊份子送給小李", "桌遊《茶馬古道》", "2", "好，發起", "關閉連結"),
}


def told(message: Said) -> str:
    return str(message.segments[0]["text"])


def opened(world: World, *words: str) -> Said:
    for text in words:
        said = say(world, world.account, "Lan", private("Lan"), text)
    return next(one for one in said if one.response == "utter_pool_opened_secret")


def shares(world: World) -> list[bool]:
    """Of each link, oldest first: is it closed?"""
    with world.tuanzi.database.reading() as session:
        every = session.scalars(select(PoolShare).order_by(PoolShare.revoked_at.is_(None)))
        return [share.revoked_at is not None for share in every]


@pytest.mark.parametrize("language", list(WORDS))
def test_by_a_button_the_old_link_closes_and_a_new_one_is_given(
    world: World, language: str
) -> None:
    *words, button = WORDS[language]
    message = opened(world, *words)
    labels = {one["title"]: one["payload"] for one in message.segments[-1]["options"]}
    (closed, *_) = say(world, world.account, "Lan", private("Lan"), token=labels[button])
    assert closed.response == "utter_pool_links_closed"
    assert told(closed).split("/c/")[1] != told(message).split("/c/")[1]
    assert shares(world) == [True, False]

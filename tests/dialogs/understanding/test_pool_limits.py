"""How long a present collects, and what one person gives at most, in all three languages."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import SetSlot, StartFlow
from dialogs.understanding import Context, understand
from dialogs.understanding.message import read_message
from dialogs.understanding.pool_limits import Limits, limits_behind, read_limits, share_within
from dialogs.understanding.values import Setting

SUNDAY = Setting(date(2026, 11, 22), Locale.EN, "CNY")
FRIDAY = date(2026, 11, 27)
FIFTY = Decimal("50")


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        ("at most 50 each", Limits(cap=FIFTY)),
        ("No more than ¥50 per person, please", Limits(cap=FIFTY)),
        ("50 each", Limits(cap=FIFTY)),
        ("最多每人50", Limits(cap=FIFTY)),
        ("每人最多五十块", Limits(cap=FIFTY)),
        ("每人不超过50元", Limits(cap=FIFTY)),
        ("每人最多 50 塊", Limits(cap=FIFTY)),
        ("no cap", Limits(no_cap=True)),
        ("不限额", Limits(no_cap=True)),
        ("不限金額", Limits(no_cap=True)),
        ("until Friday", Limits(until=FRIDAY)),
        ("until Friday 8pm", Limits(until=FRIDAY, time="20:00")),
        ("到周五", Limits(until=FRIDAY)),
        ("截止到星期五晚上八点", Limits(until=FRIDAY, time="20:00")),
        ("到禮拜五為止", Limits(until=FRIDAY)),
        ("5天", Limits(lasts=timedelta(days=5))),
        ("for five days", Limits(lasts=timedelta(days=5))),
        ("开一周", Limits(lasts=timedelta(days=7))),
        ("開兩個星期", Limits(lasts=timedelta(days=14))),
        ("48 hours", Limits(lasts=timedelta(hours=48))),
        ("until Friday, at most 50 each", Limits(until=FRIDAY, cap=FIFTY)),
        ("最多每人50，到周五", Limits(until=FRIDAY, cap=FIFTY)),
        ("5 days and no cap", Limits(lasts=timedelta(days=5), no_cap=True)),
    ],
)
def test_what_sets_a_limit(said: str, limits: Limits) -> None:
    assert read_limits(read_message(said), SUNDAY) == limits


@pytest.mark.parametrize(
    "said",
    [
        "yes", "50", "at least 20 each", "about 50 each", "at most $50 each", "tea caravan",
        "Friday", "tomorrow", "is Friday ok?", "every five days", "给小李", "至少每人20", "每人",
        "for Ann, until Friday", "until Friday, maybe", "until later", "0 days", "at most 0 each",
    ],
)  # fmt: skip
def test_what_sets_none(said: str) -> None:
    assert read_limits(read_message(said), SUNDAY) is None


@pytest.mark.parametrize(
    ("said", "wish", "limits"),
    [
        (
            "let's chip in for Ann's present, at most 50 each, until Friday",
            "let's chip in for Ann's present",
            "at most 50 each, until Friday",
        ),
        ("我们凑份子给小李买礼物，每人最多50", "我们凑份子给小李买礼物", "每人最多50"),
        ("湊份子給小李，5天，不限額", "湊份子給小李", "5天，不限額"),
        ("chip in for Ann, the boss", "chip in for Ann, the boss", None),
    ],
)
def test_limits_behind_a_wish_are_told_from_it(said: str, wish: str, limits: str | None) -> None:
    assert limits_behind(read_message(said), SUNDAY) == (wish, limits)


@pytest.mark.parametrize(
    ("said", "wish", "share"),
    [
        ("let's chip in 20 each for Ann's present", "let's chip in for Ann's present", "20"),
        ("chip in for Ann, ¥20.50 per person", "chip in for Ann, ", "20.5"),
        ("chip in for Ann, twenty each", "chip in for Ann,", "20"),
        ("chip in for Ann, everyone gives 20", "chip in for Ann, ", "20"),
        ("我们凑份子给小李买个茶壶，每人20", "我们凑份子给小李买个茶壶，", "20"),
        ("一人二十，给小李凑份子", "，给小李凑份子", "20"),
        ("大家每人出20块给小李凑份子", "大家给小李凑份子", "20"),
        ("湊份子給小李，每個人出兩百塊", "湊份子給小李，", "200"),
        ("凑份子给小李，20块一个人", "凑份子给小李，", "20"),
    ],
)
def test_what_each_gives_stands_anywhere_in_a_wish(said: str, wish: str, share: str) -> None:
    assert share_within(read_message(said), SUNDAY) == (wish, share)


@pytest.mark.parametrize(
    "said",
    [
        "at most 20 each", "20 each at most", "about 20 each", "$20 each", "20", "0 each",
        "每人最多20", "最多每人20", "每人20以内", "我们二十一人凑份子", "一人一份", "每人两个茶壶",
        "每人二十几", "每人20%", "大概每人20", "two teapots for each",
    ],
)  # fmt: skip
def test_a_bound_or_a_count_is_no_share(said: str) -> None:
    assert share_within(read_message(said), SUNDAY) == (said, None)


WISH = "chip in for Ann, 5 days"


@pytest.mark.parametrize(
    ("takes", "name", "limits"),
    [({"pool_for", "pool_limits"}, "Ann", "5 days"), ({"pool_for"}, "Ann, 5 days", None)],
)
def test_flows_published_before_hear_no_limits(
    takes: set[str], name: str, limits: str | None
) -> None:
    flows = {"pool_start": frozenset(takes)}
    understood = understand(WISH, Context(Locale.EN, SUNDAY.today, flow_slots=flows))
    said = {"pool_for": name, "pool_limits": limits}
    slots = [SetSlot(slot, value) for slot, value in said.items() if value]
    assert understood.commands == (StartFlow("pool_start"), *slots)

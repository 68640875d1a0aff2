"""One team by its name, in a sentence that says what is to be done with it."""

from datetime import date

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import Act
from dialogs.understanding import Context
from dialogs.understanding.common_words import said_in_common
from dialogs.understanding.message import read_message

NAMES = {"teapot", "茶壶", "round-bellied teapot"}
HERE = Context(
    Locale.EN,
    date(2026, 11, 22),
    team_open=True,
    team_called=lambda name: "tem_1" if name in NAMES else None,
)
JOIN, LEAVE = "action_join_team", "action_leave_team"


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("join the teapot one", JOIN),
        ("I'd like to join the round-bellied teapot group buy, please", JOIN),
        ("count me in for the teapot", JOIN),
        ("put me down for the teapot one too please", JOIN),
        ("sign me up for teapot", JOIN),
        ("the teapot one, count me in", JOIN),
        ("我要茶壶那个", JOIN),
        ("leave the teapot team", LEAVE),
        ("take me off the teapot one", LEAVE),
        ("I don't want the teapot one any more", LEAVE),
        ("退茶壶的团", LEAVE),
    ],
)
def test_a_team_is_joined_and_left_by_its_name(said: str, action: str) -> None:
    assert said_in_common(read_message(said), HERE) == (Act(action, {"team": "tem_1", "seats": 1}),)


@pytest.mark.parametrize(
    "said",
    [
        "join us for the teapot tasting", "join the teapot", "join the teapot one tomorrow night",
        "count me in for the teapot tasting", "count me in for tea", "leave the teapot",
        "leave the teapot at the door", "the teapot one", "I'm in the teapot team", "join the team",
        "don't join the teapot one", "did you leave the teapot team?",
    ],
)  # fmt: skip
def test_what_only_names_it_neither_joins_nor_leaves(said: str) -> None:
    assert said_in_common(read_message(said), HERE) is None


def test_where_no_team_runs_none_is_joined() -> None:
    elsewhere = Context(Locale.EN, HERE.today, team_called=HERE.team_called)
    assert said_in_common(read_message("join the teapot one"), elsewhere) is None

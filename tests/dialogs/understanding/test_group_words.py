"""What counts in a group without being addressed: a closed list, and nothing else."""

import pytest

from dialogs.engine.commands import StartFlow
from dialogs.understanding import understand
from tests.dialogs.understanding.shop import a_context, slots_of


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("+1", 1), ("＋１", 1), ("算我一个", 1), ("算我一個", 1), ("count me in", 1),
        ("Count me in!", 1), ("me too", 1), ("参团", 1), ("加1", 1), ("我要两份", 2),
        ("我要兩份", 2), ("+2", 2), ("来3份", 3), ("I'll take 2", 2), ("count me in for three", 3),
        ("count me in please", 1), ("+1 please", 1), ("same here", 1), ("算我一个吧", 1),
        ("我也+1", 1), ("我也要兩個", 2), ("+2份", 2), ("+1 两份", 2), ("跟兩個", 2),
        ("我跟一個", 1), ("算我和我老婆两份", 2), ("算我们两个", 2),
        ("3. 小王", 1), ("4、Ann 2份", 2), ("5) Bob x2", 2),
        ("接龙\n1. 老张\n2. 小李 2份\n3. 小王 +1", 1),
    ],
)  # fmt: skip
def test_a_join_line_takes_seats_while_a_team_is_open(text: str, seats: int) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) == ("group_buy_join", "words")
    assert understood.commands[0] == StartFlow("join_group_buy")
    assert slots_of(understood) == {"quantity": seats}


@pytest.mark.parametrize(
    "text",
    [
        "我们去吃饭吧", "+1 for pizza tonight", "算我一个人在家", "count me in your prayers",
        "I was in the 1. team", "1.5", "3. 我觉得不行，太贵了", "大家好", "我要两份报告", "+1000",
        "same here, so tired", "我也要两个小时才到", "跟两个朋友吃饭",
        "I'd like 2 days off", "我想跟你说",
    ],
)  # fmt: skip
def test_other_talk_joins_nothing(text: str) -> None:
    assert understand(text, a_context(team_open=True)).intent != "group_buy_join"


def test_without_an_open_team_a_join_line_means_nothing() -> None:
    for text in ("+1", "算我一个", "count me in"):
        assert understand(text, a_context()).intent != "group_buy_join"


@pytest.mark.parametrize(
    "text", ["开团", "我要开团", "拼团买这套茶具", "揪團", "start a group buy"]
)
def test_opening_a_team_is_on_a_closed_list_too(text: str) -> None:
    understood = understand(text, a_context())
    assert (understood.intent, understood.link) == ("group_buy_start", "words")


def test_leaving_is_heard_while_a_team_is_open() -> None:
    assert understand("退团", a_context(team_open=True)).intent == "group_buy_leave"
    assert understand("退团", a_context(line_open=True)).intent == "group_buy_leave"


@pytest.mark.parametrize(
    "text",
    [
        "我不要了", "我退了", "不拼了", "我不拼了", "我不想拼了", "我退出了", "我不跟團了",
        "我不團了", "我退出好了", "我棄單", "我唔跟喇", "我唔要喇", "唔跟喇", "我退團喇",
        "I'm leaving the team", "take me out", "i don't want it any more",
    ],
)  # fmt: skip
def test_leaving_has_many_words_on_a_closed_list(text: str) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) == ("group_buy_leave", "words")


@pytest.mark.parametrize(
    "text",
    [
        "我不要了那件旧衣服", "我退了昨天的快递", "不拼了命怎么行", "我退了火车票", "我唔要呢個",
        "I quit", "don't leave me", "take me out for dinner", "我先退",
    ],
)  # fmt: skip
def test_other_talk_leaves_nothing(text: str) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) != ("group_buy_leave", "words")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("waitlist me", "group_buy_wait"), ("Put me on the waiting list!", "group_buy_wait"),
        ("排队", "group_buy_wait"), ("候补", "group_buy_wait"), ("排候補", "group_buy_wait"),
        ("我要候位", "group_buy_wait"), ("有名额叫我", "group_buy_wait"),
        ("leave the line", "group_buy_leave_line"), ("不排了", "group_buy_leave_line"),
        ("Take me off the waitlist", "group_buy_leave_line"), ("取消候補", "group_buy_leave_line"),
    ],
)  # fmt: skip
def test_the_line_of_a_full_team_has_a_closed_list_of_its_own(text: str, intent: str) -> None:
    understood = understand(text, a_context(line_open=True))
    assert (understood.intent, understood.link) == (intent, "words")


@pytest.mark.parametrize(
    "text",
    [
        "食堂排队的人好多", "there is a long line at the cinema", "排队两小时了", "不排除这种可能",
        "I was waitlisted at the clinic", "候补车票买到了", "排隊買票好久", "wait for me", "等等我",
        "+1", "count me in",
    ],
)  # fmt: skip
def test_other_talk_gets_nobody_in_line(text: str) -> None:
    understood = understand(text, a_context(line_open=True))
    assert understood.intent not in {"group_buy_wait", "group_buy_leave_line", "group_buy_join"}


@pytest.mark.parametrize("line_open", [False, True])
def test_amid_a_question_for_free_words_the_line_is_meant_only_where_there_is_one(
    line_open: bool,
) -> None:
    context = a_context(asked="address", flow="checkout", line_open=line_open)
    assert (understand("排队", context).intent == "group_buy_wait") is line_open


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("ok count me in", 1), ("Yes, me too!", 1), ("can I still join?", 1), ("+2 pls", 2),
        ("I'd like two please", 2), ("Sure, put me down for two", 2),
        ("count me and my wife in", 2), ("please add me and my brother", 2),
        ("count us both in", 2),
    ],
)  # fmt: skip
def test_what_people_say_around_a_join_line_does_not_hide_it(text: str, seats: int) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) == ("group_buy_join", "words")
    assert slots_of(understood) == {"quantity": seats}


@pytest.mark.parametrize(
    "text",
    [
        "please join", "join please", "ok in", "sure, join us", "hey guys", "me and my wife",
        "count me and my wife in the photo", "ok +1000", "actually I want two days off",
    ],
)  # fmt: skip
def test_who_calls_on_others_to_join_takes_no_seat(text: str) -> None:
    assert understand(text, a_context(team_open=True)).intent != "group_buy_join"


@pytest.mark.parametrize(
    "text",
    [
        "actually I'm out", "Sorry guys, I'm out", "no wait, count me out", "I want out",
        "I'm out, sorry",
    ],
)  # fmt: skip
def test_what_people_say_around_leaving_does_not_hide_it(text: str) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) == ("group_buy_leave", "words")


@pytest.mark.parametrize("text", ["sorry", "I'm out of milk", "actually", "sorry I'm out shopping"])
def test_an_apology_alone_leaves_nothing(text: str) -> None:
    understood = understand(text, a_context(team_open=True))
    assert (understood.intent, understood.link) != ("group_buy_leave", "words")


def test_alone_people_ask_about_and_leave_their_own_team() -> None:
    mine = a_context(in_team=lambda: True, asked="address", flow="checkout")
    assert understand("when does it end?", mine).intent == "group_buy_status"
    assert understand("I want out", mine).intent == "group_buy_leave"
    assert understand("when does it end?", a_context()).intent != "group_buy_status"

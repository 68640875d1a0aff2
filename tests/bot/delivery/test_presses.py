"""Each press is answered once, by the message that its turn says: alone where it concerns nobody
else, and by nothing at all where nothing is said."""

from sqlalchemy import select

from data.conversations import Mode, set_mode
from data.conversations.models import Conversation
from data.delivery.models import OutboxRow
from tests.bot.delivery.telegram import ANN, BOB, GROUP, Post, press


def rows(post: Post) -> list[OutboxRow]:
    with post.tuanzi.database.reading() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def answers(post: Post) -> list[tuple[str | None, str | None]]:
    """What was said, and which press it answers."""
    return [(row.response, row.reply_to) for row in rows(post) if row.reply_to]


def test_in_a_group_what_concerns_the_presser_alone_is_for_them_alone(post: Post) -> None:
    post.say("/help", who=ANN, where=GROUP)
    post.work()
    token = post.buttons()[0]["payload"]
    post.call(press(50, token, who=BOB, where=GROUP))
    post.work()
    assert rows(post)[-1].response == "utter_not_your_button"
    assert answers(post)[-1] == ("utter_not_your_button", "aside:50")


def test_a_button_that_is_no_longer_good_is_told_so_to_the_presser(post: Post) -> None:
    post.call(press(51, "AAECAwQFBgcICQoL", who=ANN, where=GROUP))
    post.work()
    assert answers(post) == [("utter_button_expired", "aside:51")]


def test_a_press_that_brings_messages_is_answered_beside_the_first_of_them(post: Post) -> None:
    post.say("/help")
    post.work()
    payload = next(one for one in post.buttons() if one["title"] == "My orders")["payload"]
    post.call(press(52, payload))
    post.work()
    assert [mark for _, mark in answers(post)] == ["press:52"]


def test_where_nothing_is_said_the_press_is_answered_all_the_same(post: Post) -> None:
    post.say("hello")
    post.work()
    with post.tuanzi.database.transaction() as session:
        talk = session.scalars(select(Conversation).order_by(Conversation.created_at)).all()[-1]
        now = post.tuanzi.clock.now()
        set_mode(session, conversation_id=talk.id, mode=Mode.HUMAN, now=now)
    post.call(press(53, "AAECAwQFBgcICQoL"))
    post.work()
    last = rows(post)[-1]
    assert (last.reply_to, last.segments, last.conversation_id) == ("press:53", [], None)


def test_the_same_press_twice_is_answered_once(post: Post) -> None:
    for _ in range(2):
        post.call(press(54, "AAECAwQFBgcICQoL"))
    post.work()
    assert len(answers(post)) == 1


def test_who_is_gone_on_with_alone_is_told_so_where_they_pressed(post: Post) -> None:
    post.say("/start", who=BOB)
    post.say("/help", who=BOB, where=GROUP)
    post.work()
    gift = [one["payload"] for one in post.buttons() if one["title"] == "Find a gift"][-1]
    post.call(press(55, gift, who=BOB, where=GROUP))
    post.work()
    assert answers(post)[-1] == ("utter_continue_privately", "aside:55")
    assert rows(post)[-1].coalesce_key == "aside:55"  # so "repeat that" repeats something else

"""A version that must go, a pin that nobody goes on with: what the person hears, and when."""

from datetime import timedelta

from sqlalchemy import delete, select

from bot.delivery.waking import stage_of
from data.conversations import ConversationEvent, Mode, set_mode
from data.conversations.models import ConversationWait
from data.delivery.models import OutboxRow
from data.flows import ConversationPin, FlowVersion, retire
from data.kernel.clock import TurnableClock
from dialogs.engine import HandBack, HandOver, Happened, Input, from_json
from dialogs.house import Cause
from dialogs.play import Play
from tests.bot.builders import settle
from tests.bot.versions.corner import CARD, GIFT, WAIT, Corner

AGAIN = "抱歉，店家更新了“挑礼物”的流程，我们得从头来一次。"
OVER = "抱歉，刚才办到一半的事，店家已经不再提供了，只能先停在这里。"
ASIDE = "好久不见！之前的“挑礼物”没有办完，隔得有点久，我先收起来了。想接着办，说声“好”就重新开始。"


def retired(corner: Corner, sha: str) -> None:
    with corner.tuanzi.database.transaction() as session:
        retire(session, merchant_id=corner.merchant, sha=sha, now=corner.tuanzi.clock.now())


def later(corner: Corner, days: int) -> None:
    clock = corner.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(timedelta(days=days))
    settle(corner.tuanzi)


def kinds(corner: Corner, who: str) -> list[str]:
    conversation = corner.conversation(who)
    with corner.tuanzi.database.reading() as session:
        found = select(ConversationEvent.kind).where(
            ConversationEvent.conversation_id == conversation.id
        )
        return list(session.scalars(found.order_by(ConversationEvent.id)))


def perform(corner: Corner, who: str, given: Input) -> None:
    """What comes from elsewhere than their own words."""
    with corner.tuanzi.database.transaction() as session:
        stage = stage_of(session, corner.conversation(who).id)
        cause = Cause(f"test:{type(given).__name__}", corner.tuanzi.clock.now())
        Play(session, corner.tuanzi.house, stage, cause).perform(given, [])


def happen(corner: Corner, who: str) -> None:
    perform(corner, who, Happened("payment_paid", "p1"))


def said_last(corner: Corner) -> list[str]:
    with corner.tuanzi.database.reading() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        return [str(row.segments[0]["text"]) for row in rows]


# — a version that must go —


def test_a_flow_whose_version_must_go_begins_again_with_an_apology(corner: Corner) -> None:
    one = corner.publish("v1")
    assert corner.hear("lan", GIFT) == ["v1 utter_ask_recipient"]
    two = corner.publish("v2")
    retired(corner, one)
    # Their answer is to a question of the old version; nobody says it was not understood.
    assert corner.hear("lan", "妈妈") == [AGAIN, "v2 utter_ask_recipient"]
    assert "flow_restarted" in kinds(corner, "lan")
    assert corner.hear("lan", "妈妈") == ["v2 utter_noted"]
    assert (corner.pins(), corner.collect()) == ({}, [one])
    assert two


def test_only_that_flow_begins_again(corner: Corner) -> None:
    """Whoever wants something else then gets it, after the apology."""
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    corner.publish("v2")
    corner.hear("wei", GIFT)
    retired(corner, one)
    assert corner.hear("wei", "妈妈") == ["v2 utter_noted"]
    assert corner.hear("lan", CARD)[0] == AGAIN


def test_a_way_out_still_works(corner: Corner) -> None:
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    corner.publish("v2")
    retired(corner, one)
    said = corner.hear("lan", "算了")
    assert said[0] == AGAIN
    assert "v2 utter_ask_recipient" not in said
    assert from_json(corner.conversation("lan").snapshot).stack == ()


def test_a_flow_that_is_no_more_ends_with_an_apology(corner: Corner) -> None:
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    corner.publish("v2", without="gift")
    retired(corner, one)
    assert corner.hear("lan", "阿布阿布") == [OVER]
    assert "flow_dropped" in kinds(corner, "lan")


def test_what_waited_in_a_lost_version_ends_without_a_word(corner: Corner) -> None:
    one = corner.publish("v1")
    assert corner.hear("lan", WAIT) == []
    corner.publish("v2")
    retired(corner, one)
    happen(corner, "lan")
    assert said_last(corner) == []
    assert kinds(corner, "lan")[-3:] == ["flow_dropped", "told", "event_ignored"]
    with corner.tuanzi.database.reading() as session:
        assert session.scalars(select(ConversationWait)).all() == []


def test_a_version_that_is_gone_altogether_breaks_nothing(corner: Corner) -> None:
    """No row of it is left: a backup was restored, or somebody tidied up by hand."""
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    corner.hear("wei", WAIT)
    corner.publish("v2", step="ask_again", migrate=f"{one}:\n  card: {{ask: ask_again}}\n")
    with corner.tuanzi.database.transaction() as session:
        session.execute(delete(ConversationPin))
        session.execute(delete(FlowVersion).where(FlowVersion.sha == one))
    corner.begin_anew()
    assert corner.hear("lan", "妈妈") == [AGAIN, "v2 utter_ask_recipient"]
    happen(corner, "wei")
    assert corner.hear("wei", GIFT) == ["v2 utter_ask_recipient"]


def test_what_staff_hold_is_said_when_they_give_it_back(corner: Corner) -> None:
    one = corner.publish("v1")
    corner.hear("lan", GIFT)
    perform(corner, "lan", HandOver())
    corner.publish("v2")
    retired(corner, one)
    assert corner.hear("lan", "妈妈") == []
    with corner.tuanzi.database.transaction() as session:
        conversation_id = corner.conversation("lan").id
        now = corner.tuanzi.clock.now()
        set_mode(session, conversation_id=conversation_id, mode=Mode.BOT, now=now)
    perform(corner, "lan", HandBack())
    assert said_last(corner) == ["v1 utter_ask_recipient", AGAIN, "v2 utter_ask_recipient"]


# — what waits —


def test_what_waits_in_an_old_version_goes_on_there(each_corner: Corner) -> None:
    one = each_corner.publish("v1")
    assert each_corner.hear("lan", WAIT) == []
    each_corner.publish("v2")
    assert each_corner.hear("lan", GIFT) == ["v2 utter_ask_recipient"]  # two at once
    assert len(each_corner.pins()) == 2
    happen(each_corner, "lan")
    assert said_last(each_corner)[1:2] == ["v1 utter_thanks"]
    assert one not in each_corner.pins()


def test_what_waits_moves_where_the_map_says(each_corner: Corner) -> None:
    one = each_corner.publish("v1")
    each_corner.hear("lan", WAIT)
    two = each_corner.publish("v2", migrate=f"{one}:\n  wait: {{paying: paying}}\n")
    happen(each_corner, "lan")
    assert said_last(each_corner) == ["v2 utter_thanks"]
    assert two
    assert "flow_migrated" in kinds(each_corner, "lan")


# — idle —


def test_what_nobody_goes_on_with_ends_quietly_after_a_month(each_corner: Corner) -> None:
    corner = each_corner
    corner.publish("v1")
    corner.hear("lan", GIFT)
    later(corner, 29)
    assert corner.pins()
    later(corner, 2)
    assert corner.pins() == {}
    assert said_last(corner) == ["v1 utter_ask_recipient"]  # nobody was written to
    assert kinds(corner, "lan")[-1] == "flow_expired"
    state = from_json(corner.conversation("lan").snapshot)
    assert (state.stack, state.slots, state.lapsed) == ((), {}, "gift")


def test_whoever_comes_back_to_nothing_in_particular_hears_of_it_once(corner: Corner) -> None:
    corner.publish("v1")
    corner.hear("lan", GIFT)
    later(corner, 31)
    assert corner.hear("lan", "阿布阿布") == [ASIDE]
    assert corner.press("lan", "重新开始") == ["v1 utter_ask_recipient"]
    assert ASIDE not in corner.hear("lan", "妈妈")


def test_whoever_comes_back_for_something_is_not_bothered(corner: Corner) -> None:
    corner.publish("v1")
    corner.hear("lan", GIFT)
    later(corner, 31)
    assert corner.hear("lan", CARD) == ["v1 utter_ask_line"]
    assert corner.hear("lan", "生日快乐") == ["v1 utter_written"]


def test_a_wait_outlives_the_month(corner: Corner) -> None:
    corner.publish("v1")
    corner.hear("lan", WAIT)
    corner.publish("v2")
    later(corner, 60)
    assert len(corner.pins()) == 1
    happen(corner, "lan")
    assert said_last(corner) == ["v1 utter_thanks"]


def test_the_round_goes_through_pages_and_then_collects(corner: Corner) -> None:
    one = corner.publish("v1")
    for number in range(111):
        corner.hear(f"guest{number}", GIFT)
    for version in ("v2", "v3"):
        corner.publish(version)
    later(corner, 32)
    assert corner.pins() == {}
    with corner.tuanzi.database.reading() as session:
        assert one not in session.scalars(select(FlowVersion.sha)).all()


def test_the_round_takes_the_idle_along_where_the_map_says(corner: Corner) -> None:
    """Nobody has to say a word for the old version to become free."""
    one = corner.publish("v1")
    corner.hear("lan", CARD)
    two = corner.publish("v2", step="ask_again", migrate=f"{one}:\n  card: {{ask: ask_again}}\n")
    last = corner.conversation("lan").last_at
    later(corner, 1)
    assert corner.pins() == {two: 1}
    assert corner.conversation("lan").last_at == last
    assert corner.hear("lan", "生日快乐") == ["v2 utter_written"]

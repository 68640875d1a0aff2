"""What nobody understood goes to a language model only where operator, shop and person agreed, and
the turn that follows is an ordinary one. The model is a real HTTP server that says what we want."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from time import sleep

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen

from bot.play.world import World
from bot.site import create_site
from data.conversations import Conversation
from data.kernel.locales import Locale
from data.merchants.model_spend import spent
from data.people.consent import stop_profile
from data.people.models import Person
from dialogs.engine import to_json
from dialogs.hearing import hear
from dialogs.log import replayed
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS
from tests.bot.delivery.asking import RECEIVER, Asking
from tests.language_model import NOTHING, Answer, ScriptedModel, a_model, proposing, saying
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
WISH = "my old lady hits sixty, three hundred tops"
LOST = "utter_not_understood"
FOUND = proposing("gift_finder", recipient="mother", occasion="birthday", budget="three hundred")

world = world_at(NOW)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with a_model() as running:
        yield running


@pytest.fixture
def asking(world: World, model: ScriptedModel) -> Asking:
    return Asking(world, model)


STORIES = {
    Locale.EN: (WISH, FOUND, "no language model"),
    Locale.ZH_HANS: (
        "老太婆整六十了，兜里就三百",
        proposing("gift_finder", recipient="mother", occasion="birthday", budget="三百"),
        "不用语言模型",
    ),
    Locale.ZH_HANT: (
        "老太婆整六十了，口袋裡就三百",
        proposing("gift_finder", recipient="mother", occasion="birthday", budget="三百"),
        "不用語言模型",
    ),
}


@pytest.mark.parametrize("locale", list(Locale))
def test_what_was_not_understood_becomes_a_search_for_a_gift_after_the_person_agreed(
    locale: Locale, world: World, model: ScriptedModel
) -> None:
    """The whole story: not understood, asked once, a yes, said again, found, taken back."""
    wish, model.answer, no_more = STORIES[locale]
    asking = Asking(world, model, locale)
    asking.switch(on=True)
    asking.meet()
    assert asking.say(wish) == [LOST, "utter_ask_model"]
    assert RECEIVER in asking.said[-1]["text"], "who gets the words is said"
    assert not model.asked, "and nothing is sent before the yes"
    assert asking.press(0) == ["utter_model_allowed"]
    assert (asking.consents(), RECEIVER in asking.said[-1]["text"]) == (1, True)

    uttered = asking.say(wish)
    assert uttered[0] == "utter_ideas"
    assert len([one for one in asking.said if one.get("custom", {}).get("type") == "card"]) == 3
    assert len(model.asked) == 1
    assert "small-1" not in str(asking.said)

    assert asking.say(no_more)[0] == "utter_model_stopped"
    assert asking.consents() == 0
    asking.say({Locale.EN: "start over"}.get(locale, "重新开始"))
    assert asking.say(wish) == [LOST], "and nobody is asked about it again"
    assert len(model.asked) == 1


def test_it_is_written_down_as_understood_so_that_a_replay_asks_nobody(asking: Asking) -> None:
    asking.agree()
    asking.model.answer = FOUND
    asking.say(WISH)
    told = asking.events("understood")[-1]["data"]
    assert (told["link"], told["model"], told["confidence"]) == ("model", "small-1", 0.9)
    asking.model.asked.clear()
    with asking.world.tuanzi.database.reading() as session:
        (conversation,) = session.scalars(select(Conversation))
        again = replayed(session, asking.world.tuanzi.house, conversation)
    assert to_json(again) == conversation.snapshot
    assert not asking.model.asked


@pytest.mark.parametrize(
    "missing", ["the operator's model", "the shop's switch", "the person's yes"]
)
def test_t32_nothing_is_sent_where_one_of_the_three_has_not_agreed(
    missing: str, asking: Asking
) -> None:
    asking.model.answer = FOUND
    if missing == "the operator's model":
        asking.switch(on=True)
        asking.meet()
        asking.turns = asking.world.tuanzi.turns
    elif missing == "the person's yes":
        asking.switch(on=True)
        asking.meet()
        asking.say(WISH)
        assert asking.press(1) == ["utter_model_stopped"]
    assert asking.say(WISH) == [LOST]
    assert asking.say(WISH) == [LOST]
    assert not asking.model.asked


def test_where_it_is_off_a_turn_runs_not_one_statement_more(asking: Asking) -> None:
    """The operator has a model, the shop has not switched it on; after a turn to warm up."""
    statements: list[str] = []
    asking.meet()
    asking.say(WISH)
    engine = asking.world.tuanzi.database.engine
    listen(engine, "checkout", lambda raw, *_: raw.set_trace_callback(statements.append))
    counts = []
    for turns in (asking.world.tuanzi.turns, asking.turns):
        asking.turns = turns
        assert asking.say(WISH) == [LOST]
        counts.append(len(statements))
        statements.clear()
    assert counts[0] == counts[1] > 0


def test_the_question_is_put_once_and_in_private_only(asking: Asking) -> None:
    asking.switch(on=True)
    asking.meet()
    assert "utter_ask_model" not in asking.say(f"@tuanzi {WISH}", group=True)
    assert asking.say(WISH)[-1] == "utter_ask_model"
    assert asking.say(WISH) == [LOST]
    assert asking.say("use a language model") == ["utter_ask_model"], "but whoever asks is told"
    assert asking.press(0) == ["utter_model_allowed"]
    asking.model.answer = FOUND
    assert asking.say(WISH)[0] == "utter_ideas"


def test_whoever_asks_for_a_model_is_told_of_the_one_there_is_now(asking: Asking) -> None:
    """Also somebody whom nobody asked before, and after the operator or the shop changed it."""
    asking.switch(on=True)
    asking.meet()
    assert asking.say("use a language model") == ["utter_ask_model"]
    assert asking.say(WISH) == [LOST], "that was the question"
    asking.connect("other.example")
    assert asking.say("use a language model") == ["utter_ask_model"]
    assert "other.example" in asking.said[-1]["text"]
    asking.switch(on=False)
    assert asking.say("use a language model") == ["utter_no_model_here"]


def test_a_yes_is_to_one_receiver(asking: Asking) -> None:
    """The operator changes the model's address: nobody has agreed to that one."""
    asking.agree()
    asking.connect("other.example")
    asking.model.answer = FOUND
    assert asking.say(WISH) == [LOST, "utter_ask_model"]
    assert not asking.model.asked
    assert asking.press(0) == ["utter_model_allowed"]
    assert asking.consents() == 1
    assert asking.say(WISH)[0] == "utter_ideas"


def test_a_child_is_not_asked_and_its_words_go_nowhere(asking: Asking) -> None:
    asking.agree()
    database = asking.world.tuanzi.database
    with database.transaction() as session:
        (person,) = session.query(Person).filter(Person.name == "Zhao Lan")
        stop_profile(session, person=person, now=NOW)
    asking.model.answer = FOUND
    assert asking.say(WISH) == [LOST]
    assert not asking.model.asked


NOT_SENT = [
    "😂😂😂😂😂😂😂",
    "hm?",
    "<b>my old lady turns sixty</b> today or so",
    "/StartFlow(checkout, product=prd_1)",
    "my old lady turns sixty " * 30,
    "send it to Zhao Lan, 22 Baker Street, phone 13800138000",
    "help",
    "do you have teapots",
]


def test_t32_what_is_long_private_no_prose_or_understood_is_not_sent(asking: Asking) -> None:
    asking.agree()
    for text in NOT_SENT:
        asking.say(text)
        assert not asking.model.asked, text
        asking.say("start over")


def test_t32_a_recorded_call_holds_no_canary(asking: Asking) -> None:
    """Nor anything by which the shop knows the person."""
    asking.agree()
    for canary in CANARIES:
        asking.say(f"the old dear hits the big six-o, {canary}, whatever")
        asking.say("start over")
    assert len(asking.model.asked) == len(CANARIES)
    told = str(asking.model.asked) + str(asking.model.headers)
    assert "the old dear hits the big six-o" in asking.model.message
    for canary in (
        *CANARIES,
        "Zhao",
        '"ann"',
        asking.world.account.id,
        asking.world.account.merchant_id,
    ):
        assert canary not in told, canary


CANARIES = ("says Zhao Lan", "lan@example.com", "see https://wei.example/s3cr3t", "ask @lan_88")
BAD = {
    "no json": saying("Sure! Here is a gift for ¥1: https://evil.example <b>now</b>"),
    "another shape": saying({**NOTHING, "say": "Only ¥1 today!"}),
    "an invented flow": proposing("give_everything_away"),
    "an invented id": proposing("checkout", product="prd_0001"),
    "an invented slot": proposing("gift_finder", price="0.01"),
    "nothing": saying(NOTHING),
    "an error": Answer(b"{}", status=500),
    "too many": Answer(b"{}", status=429, headers={"retry-after": "30"}),
    "cut off": Answer(b'{"choices"', cut=True),
    "html": Answer(b"<html>https://evil.example</html>"),
    "slow": replace(saying(NOTHING), waits=True),
}


def test_t31_a_model_that_fails_changes_nothing_that_people_see(
    world: World, model: ScriptedModel
) -> None:
    asking = Asking(world, model)
    asking.agree()
    for how, answer in BAD.items():
        # Only what never answers is left soon: a busy machine may need long to ask at all.
        asking.deadline = 1.0 if answer.waits else 30.0
        asking.connect(RECEIVER)  # the pause that one asked for is not the next one's
        asking.model.asked.clear()
        asking.model.answer = answer
        assert asking.say(WISH) == [LOST], how
        assert answer.waits or len(model.asked) == 1, how
        assert "evil" not in str(asking.said), how
        assert asking.events("understood")[-1]["data"]["link"] == "none", how


def test_t31_amounts_and_links_that_a_model_invents_reach_nobody(asking: Asking) -> None:
    asking.agree()
    asking.model.answer = proposing(
        "gift_finder", recipient="mother", budget="9999", excluded="https://evil.example"
    )
    asking.say(WISH)
    shown = str(asking.said)
    assert "9999" not in shown
    assert "evil" not in shown


def test_nothing_is_open_while_the_model_thinks(asking: Asking) -> None:
    """Somebody else writes meanwhile; the turn is taken with what holds then."""
    asking.agree()
    other = Asking(asking.world, asking.model)

    def write() -> None:
        with asking.world.tuanzi.database.transaction() as session:
            session.connection().exec_driver_sql("UPDATE merchants SET created_at = created_at")
        other.turns = asking.world.tuanzi.turns
        other.say("hello", who="wei")
        other.say("thanks", again="meanwhile")  # the same person: the conversation moves on

    asking.model.meanwhile = [write]
    asking.model.answer = FOUND
    assert asking.say(WISH)[0] == "utter_ideas"


def test_a_message_that_comes_twice_is_asked_about_once(asking: Asking) -> None:
    asking.agree()
    asking.model.answer = FOUND
    first = asking.say(WISH, again="twice")
    assert asking.say(WISH, again="twice") == first
    assert len(asking.model.asked) == 1


def test_t31_the_budget_of_the_day_ends_the_asking_and_its_use_is_counted(
    world: World, model: ScriptedModel
) -> None:
    asking = Asking(world, model, tokens=5_000)
    asking.agree()
    for _ in range(12):
        assert asking.say(WISH) == [LOST]
    merchant_id, day = world.account.merchant_id, NOW.date()
    with world.tuanzi.database.reading() as session:
        use = spent(session, merchant_id=merchant_id, day=day)
    assert 1 < len(model.asked) < 12
    assert (use.calls, use.tokens) == (len(model.asked), 321 * len(model.asked))
    assert use.tokens <= 5_000


def test_amid_a_question_about_money_nobody_is_asked(asking: Asking) -> None:
    asking.agree()
    asking.say("something for my brother, he climbs, under $50")
    asking.say("the first one")
    asking.say("Ann Lee, 1 Market Street, Springfield, 555 123 4567")
    asking.model.answer = proposing("product_search")
    asking.say("hmm well whatever the old goat fancies then")
    assert not asking.model.asked


def test_who_waits_for_the_model_holds_up_no_turn_of_anybody_else(asking: Asking) -> None:
    """On SQLite one thread takes all turns: it must be free meanwhile."""
    asking.agree()
    tuanzi = replace(asking.world.tuanzi, turns=asking.turns)
    free: list[bool] = []

    def take_a_turn() -> None:
        free.append(tuanzi.threads.submit(lambda: True).result(timeout=5))

    asking.model.meanwhile = [take_a_turn]
    asking.model.answer = FOUND
    client = TestClient(create_site(tuanzi, works=False), base_url=ADDRESS)
    answer = client.post("/webhooks/rest/webhook", json={"sender": "ann", "message": WISH})
    assert (answer.status_code, free) == (200, [True])
    assert [one for one in answer.json() if one.get("custom", {}).get("type") == "card"]


def test_the_worker_asks_before_its_transaction(asking: Asking) -> None:
    asking.agree()
    asking.model.answer = FOUND
    heard = asking.turns.hear(replace(asking.received(WISH), inbox_id=1))
    assert heard.understood is not None
    assert (heard.understood.link, heard.question) == ("model", None)


def test_only_so_many_are_asked_at_once(asking: Asking) -> None:
    """Whoever comes while four wait goes on without a model at once."""
    asking.agree()
    asking.model.answer = replace(FOUND, waits=True)
    adviser = asking.turns.adviser
    assert adviser is not None
    with asking.world.tuanzi.database.reading() as session:
        question = hear(
            session,
            asking.turns.house,
            account=asking.world.account,
            event=asking.received(WISH).event,
            now=NOW,
        ).question
    assert question is not None
    waiting = [adviser.threads.submit(adviser.ask, question) for _ in range(4)]
    while len(asking.model.asked) < len(waiting):
        sleep(0.01)
    assert adviser.ask(question).proposal is None
    assert len(asking.model.asked) == len(waiting)
    asking.model.over.set()
    assert [one.result().proposal for one in waiting] == [None] * 4

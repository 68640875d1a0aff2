"""Each word of a story holds where it should, fails where it should, and says what was there."""

import json
from collections.abc import Iterator

import pytest

from bot.play.actor import Actor, StoryFailed, play
from bot.play.failures import Failure
from bot.play.heard import Replaying, read_heard
from bot.play.reading import stories_in
from bot.play.story import Story
from bot.play.world import World, open_world
from data.kernel.locales import Locale
from tests.bot.play.shop import own_kit


def _heard(text: str, *commands: str, asked: str = "", **said: str) -> str:
    """One line of a recording."""
    where = f", asked: {asked}, flow: gift_finder" if asked else ""
    context = f'{{locale: en, today: "2026-11-22"{where}}}'
    does = f"commands: [{', '.join(commands)}]" if commands else f"offered: {said['offered']}"
    return f"- {{text: {text}, context: {context}, link: model, language: en, {does}}}\n"


HEARD = "heard:\n" + "".join(
    [
        _heard("a gift", "{command: StartFlow, flow: gift_finder}"),
        _heard("my mum", asked="recipient", offered="1. My mum"),
        _heard("my size", "{command: StartFlow, flow: find_size}"),
        _heard("hm", "{command: Clarify, flows: [gift_finder, find_size]}"),
    ]
)
STORY = """\
defaults: {locale: en}
fixtures:
- tall: [height: 1.8]
metadata:
- taipei: {timezone: Asia/Taipei}
stub_custom_actions:
  action_check_size:
    events: [{event: slot, name: size, value: M}]
    responses: [{text: "One moment", buttons: [{title: Other, payload: /cancel}]}]
test_cases:
- test_case: the words
  fixtures: tall
  steps:
"""
LINE = STORY.count("\n") + 1
FAILURE = f"""\
words.yml:{LINE + 3} expected bot: something else
  got:
    -
  last events:
    user_said
    understood
    flow_started gift_finder who
    step_entered gift_finder who
    question_asked gift_finder who
  in the chat Wei:
    Wei: a gift
    团子: Who is it for?
    [My mum] [A friend]
  in the chat Lan:
    Lan: a gift
    团子: Who is it for?
    [My mum] [A friend]
    Lan: my mum
    团子: Noted.
    团子: Anything else I can do for you?"""
# What is done, then what holds after it, then what does not and how that is told.
ASKED = "{as: Lan, user: a gift, metadata: taipei}"
NOTED = "{as: Lan, user: my mum}"
SIZED = "{as: Lan, user: my size}"
TORN = "{as: Lan, user: hm}"
HOLDS = {
    ASKED: [
        "bot: Who is it*",
        "utter: utter_ask_recipient",
        "bot_uttered: {utter_name: utter_ask_recipient, text_matches: 'Who .+[?]$', buttons: "
        "[{title: My mum, payload: /SetSlots(recipient=mother)}]}",
        "bot_did_not_utter: {utter_name: utter_noted}",
        "flow_started: gift_finder",
        "flow_started: [gift_finder]",
        "flow_started: {operator: any, flow_ids: [find_size, gift_finder]}",
        "slot_was_not_set: recipient",
        "slot_was_set: {recipient: null}",
        "slot_was_not_set: {recipient: mother}",
        "silent: false",
        "{as: Wei, silent: true}",
        "then: {orders: 0, ledger: balanced, group_buy: {state: null, paid: 0}, mode: bot}",
    ],
    NOTED: [
        "bot: Noted.",
        "flow_completed: gift_finder",
        "flow_completed: {flow_id: gift_finder, flow_step_id: noted}",
    ],
    SIZED: [
        "bot: One moment",
        "bot: Size M",
        "action_executed: action_check_size",
        "bot_uttered: {buttons: [{title: Other}]}",
        "flow_completed: {flow_id: find_size, flow_step_id: told}",
    ],
    TORN: [
        "pattern_clarification_contains: [find_size, gift_finder]",
        "utter: utter_clarify",
    ],
}
FAILS = {
    ASKED: {
        "bot: Who is it": "bot: Who is it",
        "utter: utter_noted": "utter: utter_noted",
        "bot_uttered: {text_matches: mum}": "bot_uttered",
        "bot_uttered: {buttons: [{title: My mum, payload: /cancel}]}": "bot_uttered",
        "bot_did_not_utter: {utter_name: utter_ask_recipient}": "bot_did_not_utter",
        "flow_started: [gift_finder, find_size]": "flow_started: ['gift_finder', 'find_size']",
        "flow_completed: gift_finder": "flow_completed: gift_finder",
        "flow_cancelled: gift_finder": "flow_cancelled: gift_finder",
        "action_executed: gift_finder": "action_executed: gift_finder",
        "slot_was_set: recipient": "slot recipient set",
        "slot_was_set: {recipient: mother}": "slot recipient = 'mother'",
        "slot_was_not_set: {recipient: null}": "slot recipient not None",
        "pattern_clarification_contains: gift_finder": "pattern_clarification_contains",
        "silent: true": "silent: True",
        "cards: 1": "cards: 1",
        "price_below: 5": "price_below: 5",
        "shown: '*'": "shown: *",
        "then: {orders: 1}": "orders: 1",
        "then: {group_buy: {state: open}}": "group_buy.state: open",
        "press: My dad": "button My dad",
        "pays: Lan": "payment link for Lan",
        "user: never heard": "heard: never heard",
    },
    NOTED: {
        "flow_completed: {flow_id: gift_finder, flow_step_id: who}": "flow_completed",
        "slot_was_set: recipient": "slot recipient set",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One shop for all the words: who tries one thing is not who tries another."""
    (story,) = _stories("silent: true")
    opened = open_world(story.start, kit=own_kit(), stubs=story.stubs, listener=_listener())
    opened.check(story)
    yield opened
    opened.close()


def _listener() -> Replaying:
    return Replaying(read_heard("words.heard.yml", HEARD))


def _stories(*lines: str) -> list[Story]:
    steps = (f"  - {line if line.startswith('{') else '{' + line + '}'}\n" for line in lines)
    return stories_in("words.yml", STORY + "".join(steps))


def _acted(world: World, *lines: str) -> Actor:
    (story,) = _stories(*lines)
    actor = Actor(story, world)
    for step in story.steps:
        actor.take(step)
    return actor


def test_each_word_holds_where_it_should() -> None:
    """The whole way: a world of its own, a recording, stubs, fixtures, metadata, the audit."""
    lines = [line for deed, holds in HOLDS.items() for line in (deed, *holds)]
    (story,) = _stories(*lines)
    play(story, kit=own_kit(), listener=_listener())


@pytest.mark.parametrize("deeds", [(ASKED,), (ASKED, NOTED)], ids=["asked", "noted"])
def test_each_word_fails_where_it_should(world: World, deeds: tuple[str, ...]) -> None:
    person = f"Lan{len(deeds)}"
    actor = _acted(world, *(deed.replace("Lan", person) for deed in deeds))
    for line, told in FAILS[deeds[-1]].items():
        (story,) = _stories(line.replace("Lan", person))
        with pytest.raises(StoryFailed) as failed:
            actor.take(story.steps[-1])
        assert str(failed.value).startswith(f"words.yml:{LINE} expected {told}"), line


def test_a_failure_shows_what_was_there_the_last_events_and_every_chat_with_a_part_in_it() -> None:
    lines = [ASKED, NOTED, "{as: Wei, user: a gift}", "{as: Lan, in: private, bot: something else}"]
    (story,) = _stories(*lines)
    with pytest.raises(StoryFailed) as failed:
        play(story, kit=own_kit(), listener=_listener())
    assert str(failed.value) == FAILURE


def test_a_failure_speaks_the_language_of_its_reader() -> None:
    failure = Failure("a.yml:3", "bot: 好", ("-",), ("flow_started",), (("Lan", ("Lan: hi",)),))
    assert failure.render(Locale.ZH_HANS).splitlines()[0] == "a.yml:3 期望 bot: 好"
    assert "聊天 Lan：" in failure.render(Locale.ZH_HANT)
    assert Failure.from_json(json.loads(json.dumps(failure.to_json()))) == failure

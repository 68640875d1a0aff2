"""Files become one typed, hashed flow set, and come back from JSON the same."""

import pytest

from data.kernel.locales import Locale
from dialogs.format import (
    END,
    ActionStep,
    Collect,
    FlowProblems,
    SetSlots,
    SlotType,
    WaitStep,
    check_flow_set,
    flow_set_from_json,
    flow_set_to_json,
    load_flow_set,
    shipped_sources,
)
from dialogs.format.reader import read
from tests.dialogs.engine.talk import LANGUAGES, SHOP, response_file, shop, sources


def codes(files: dict[str, str]) -> list[str]:
    return [problem.code for problem in check_flow_set(files)]


def test_nested_branches_become_flat_steps_in_the_order_of_the_file() -> None:
    gift = shop().flows["gift"]
    assert list(gift.steps) == [
        "0_collect_recipient",
        "1_collect_occasion",
        "2_collect_budget",
        "show",
        "pick",
        "5_action_utter_pity",
    ]
    pick = gift.steps["pick"]
    assert [branch.target for branch in pick.next] == ["5_action_utter_pity", END]
    assert gift.steps["5_action_utter_pity"].next[0].target == END


def test_every_kind_of_step_keeps_what_its_file_says() -> None:
    order = shop().flows["order"]
    wait = order.steps["paid"]
    assert isinstance(wait, WaitStep)
    assert (wait.timeout, wait.on_timeout, wait.key) == (1800, "late", "payment")
    assert wait.fields == (("receipt", "number"),)
    address = order.steps["0_collect_address"]
    assert isinstance(address, Collect)
    assert (address.ask, address.validate) == ("utter_ask_address", "validate_address")
    show = shop().flows["gift"].steps["show"]
    assert isinstance(show, ActionStep)
    assert show.reads == ("exclusions",)


def test_an_asking_action_is_used_where_it_is_declared() -> None:
    pick = shop().flows["gift"].steps["pick"]
    assert isinstance(pick, Collect)
    assert pick.ask == "action_ask_choice"


def test_the_domain_is_typed() -> None:
    domain = shop().domain
    assert domain.slots["occasion"].type is SlotType.CATEGORICAL
    assert domain.slots["address"].private
    assert domain.slots["copies"].initial == 1
    assert set(domain.responses["utter_saved"].text) == set(Locale)


def test_flow_names_are_in_all_languages() -> None:
    titles = shop().flows["gift"].titles
    assert titles[Locale.EN] == "Find a gift"
    assert titles[Locale.ZH_HANS] == "挑礼物"


def test_a_version_stored_as_json_comes_back_the_same() -> None:
    stored = flow_set_to_json(shop())
    loaded = flow_set_from_json(stored)
    assert loaded.sha == shop().sha
    assert loaded.flows == shop().flows
    assert loaded.domain == shop().domain
    assert flow_set_to_json(loaded) == stored


def test_the_hash_names_the_meaning_not_the_layout() -> None:
    files = sources()
    moved = SHOP.replace(
        "        collect: recipient\n      - action: utter_saved",
        "        collect: recipient  # a comment\n        metadata: {position: {x: 1, y: 2}}\n"
        "      - action: utter_saved",
    )
    assert moved != SHOP
    assert load_flow_set({**files, "flows/shop.yml": moved}).sha == shop().sha
    assert load_flow_set(dict(reversed(files.items()))).sha == shop().sha
    changed = SHOP.replace("slots.budget < 10", "slots.budget < 11")
    assert load_flow_set({**files, "flows/shop.yml": changed}).sha != shop().sha


def test_patterns_come_with_every_set_and_can_be_replaced() -> None:
    own = """
flows:
  pattern_cannot_handle:
    description: our own words
    steps:
      - action: utter_small_talk
"""
    assert "pattern_cannot_handle" in shop().flows
    replaced = shop(own).flows["pattern_cannot_handle"].steps
    assert [type(step) for step in replaced.values()] == [ActionStep]
    assert "0_action_utter_small_talk" in replaced


def test_a_response_of_the_domain_may_hold_all_languages_at_once() -> None:
    extra = """
responses:
  utter_new:
    - text: {zh-Hans: 你好 {name}, zh-Hant: 您好 {name}, en: Hello {name}}
      buttons:
        - {title: {zh-Hans: 好, zh-Hant: 好, en: "Yes"}, payload: /yes}
""".replace("{name}", "you")
    response = shop(extra).domain.responses["utter_new"]
    assert response.text[Locale.EN] == "Hello you"
    assert response.buttons[0].title[Locale.EN] == "Yes"
    assert response.buttons[0].payload == "/yes"


def test_words_of_yaml_1_1_stay_words() -> None:
    extra = "slots:\n  answer: {type: categorical, values: [yes, no, on, off, 0x1f]}\n"
    assert shop(extra).domain.slots["answer"].values == ("yes", "no", "on", "off", "0x1f")


def test_what_ships_is_sound() -> None:
    assert [problem.render(Locale.EN) for problem in check_flow_set(shipped_sources())] == []


def test_what_ships_is_parsed_once_however_often_it_is_read() -> None:
    """To parse it takes ten times as long as all that is done with it."""
    first, again = ([read(*file) for file in shipped_sources().items()] for _ in range(2))
    assert [one for one, other in zip(first, again, strict=True) if one is not other] == []


def test_a_bad_load_raises_everything_at_once_and_gives_nothing() -> None:
    broken = SHOP.replace(" collect: colour", " collect: color").replace(
        "action: utter_saved", "action: utter_svaed"
    )
    with pytest.raises(FlowProblems) as found:
        load_flow_set({**sources(), "flows/shop.yml": broken})
    assert {problem.code for problem in found.value.problems} == {
        "unknown_slot",
        "unknown_response",
    }


def test_set_slots_keeps_null() -> None:
    extra = """
flows:
  clear:
    description: clears
    steps:
      - set_slots: [{colour: null}, {copies: 2}]
"""
    (step,) = shop(extra).flows["clear"].steps.values()
    assert isinstance(step, SetSlots)
    assert step.values == (("colour", None), ("copies", 2))


def test_t27_a_yaml_bomb_is_refused_at_once() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)},*{chr(97 + i)}]\n"
        for i in range(8)
    )
    assert codes({**sources(), "bomb.yml": bomb}) == ["yaml_anchor"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("flows: !python/object:os.system {}", "yaml_tag"),
        ("flows: {a: !!binary aGk=}", "yaml_tag"),
        ("flows: &x {}", "yaml_anchor"),
        ("a: " + "[" * 30 + "]" * 30, "yaml_too_deep"),
        ("a: x\n" * 60_000, "file_too_large"),
        ("a: 1\n---\nb: 2\n", "yaml_two_documents"),
        ("[a]: 1\n", "yaml_key"),
        ("a: [1, 2\n", "yaml_bracket_open"),
        ("", "file_empty"),
        ("- a\n", "file_empty"),
    ],
)
def test_t27_files_are_plain_small_and_shallow(text: str, code: str) -> None:
    assert codes({**sources(), "flows/bad.yml": text}) == [code]


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{% if x %}", "Hello {{slot}}"])
def test_t28_template_marks_are_refused(text: str) -> None:
    files = sources(extra="slots:\n  more: {type: text, initial_value: '" + text + "'}\n")
    assert codes(files) == ["template"]
    responses = {
        f"language/{tag}/responses_more.yml": response_file(("utter_more",), text)
        for tag in LANGUAGES
    }
    assert set(codes({**sources(), **responses})) == {"template"}


def test_t28_a_gap_is_one_name() -> None:
    responses = {
        f"language/{tag}/responses_more.yml": response_file(("utter_more",), "{0.__class__}")
        for tag in LANGUAGES
    }
    assert set(codes({**sources(), **responses})) == {"bad_gap"}

"""Thirty mistakes a shopkeeper makes, each found at its line and explained."""

import json
import re
from pathlib import Path

import pytest

from data.kernel.locales import Locale
from dialogs.format import (
    ActionStep,
    Call,
    Collect,
    FlowProblems,
    Link,
    Noop,
    SetSlots,
    WaitStep,
    check_flow_set,
    load_flow_set,
)
from dialogs.format.build_steps import KINDS
from dialogs.format.problems import words
from dialogs.format.shape import schema
from tests.dialogs.engine.talk import LANGUAGES, response_file, sources

FORMAT = Path("dialogs/format")


def flow(steps: str, *, head: str = "") -> str:
    """A flow file; the steps begin at line 6, column 7."""
    body = "\n".join(f"      {line}" for line in steps.strip("\n").splitlines())
    head = head or "x-note: none"
    return f"flows:\n  new:\n    description: new\n    {head}\n    steps:\n{body}\n"


MISTAKES = {
    "unknown_slot": (flow("- collect: color"), 6, 18),
    "unknown_response": (flow("- action: utter_tanks"), 6, 17),
    "unknown_action": (flow("- action: action_recomend"), 6, 17),
    "unknown_flow": (flow("- call: colors"), 6, 15),
    "unknown_step": (flow("- action: utter_late\n  next: nowhere"), 7, 15),
    "unknown_key": (flow("- collect: colour\n  requried: true"), 7, 9),
    "two_kinds": (flow("- collect: colour\n  action: utter_late"), 6, 9),
    "no_kind": (flow("- say: utter_late"), 6, 9),
    "missing_next": (
        flow("- noop: true\n  next:\n    - if: slots.colour\n      then:\n"
             "        - action: utter_late\n    - else: END"), 10, 17),
    "missing_else": (
        flow("- noop: true\n  next:\n    - if: slots.colour\n      then: END"), 8, 11),
    "else_not_last": (
        flow("- noop: true\n  next:\n    - else: END\n    - if: slots.colour\n      then: END"),
        8, 13),
    "unreachable_step": (
        flow("- action: utter_late\n  next: END\n- id: lost\n  action: utter_late"), 8, 9),
    "never_ends": (
        flow("- id: a\n  collect: colour\n  next: b\n- id: b\n  set_slots: [{colour: null}]\n"
             "  next: a"), 6, 9),
    "endless_circle": (
        flow("- id: a\n  action: utter_late\n- id: b\n  noop: true\n  next:\n"
             "    - if: slots.sure\n      then: a\n    - else: END"), 6, 9),
    "duplicate_id": (
        flow("- id: a\n  action: utter_late\n- id: a\n  action: utter_late"), 8, 13),
    "reserved_id": (flow("- id: END\n  action: utter_late"), 6, 13),
    "duplicate_key": (flow("- action: utter_late\n  id: a\n  id: b"), 8, 9),
    "predicate_syntax": (
        flow("- noop: true\n  next:\n    - if: slots.budget > )\n      then: END\n    - else: END"),
        8, 32),
    "predicate_unknown_name": (flow("- action: utter_late", head="if: budget > 3"), 4, 9),
    "wrong_value": (flow("- set_slots: [{occasion: funeral}]"), 6, 32),
    "wrong_type": (flow("- collect: colour\n  ask_before_filling: maybe"), 7, 29),
    "calls_itself": (flow("- call: new"), 6, 15),
    "called_flow_links": (flow("- call: chain"), 6, 15),
    "pattern_used": (flow("- link: pattern_restart"), 6, 15),
    "refused_mcp": (flow("- call: colours\n  exit_if: [x]"), 7, 9),
    "refused_voice": (flow("- collect: colour\n  silence_timeout: 5"), 7, 9),
    "refused_hook": (flow("- action: utter_late", head="on_activate: x"), 4, 5),
    "unknown_intent": (flow("- action: utter_late",
                            head="nlu_trigger: [{intent: wish}]\n    name: New\n    translation: "
                                 "{zh-Hans: {name: 新}, zh-Hant: {name: 新}}"), 4, 28),
    "title_languages": (flow("- action: utter_late", head="name: New"), 2, 3),
    "kept_and_reset": (
        flow("- collect: colour\n  reset_after_flow_ends: true",
             head="persisted_slots: [colour]"), 7, 32),
    "unknown_event": (
        flow("- x-wait: {event: payed, key: payment, timeout: P1D, on_timeout: END}"), 6, 25),
    "wait_without_time": (
        flow("- x-wait: {event: payment_paid, key: payment, timeout: PT0S, on_timeout: END}"),
        6, 62),
    "bad_name": (flow("- collect: the colour"), 6, 18),
    "bad_duration": (
        flow("- x-wait: {event: payment_paid, key: payment, timeout: soon, on_timeout: END}"),
        6, 62),
    "missing_key": (
        flow("- x-wait: {event: payment_paid, key: payment, timeout: P1D}"), 6, 17),
    "empty": ("flows:\n  new:\n    description: new\n    steps: []\n", 4, 12),
    "yaml_bracket_open": ("flows:\n  new:\n   description: new\n  steps: [\n", 4, 10),
    "unknown_pattern": (flow("- action: utter_late").replace("new:", "pattern_goodbye:"), 2, 3),
    "refused_pattern": (
        flow("- action: utter_late").replace("new:", "pattern_validate_slot:"), 2, 3),
    "defined_twice": (flow("- action: utter_late").replace("new:", "gift:"), 2, 3),
    "categorical_values": ("slots:\n  kind: {type: categorical}\n", 2, 9),
    "append_needs_list": (
        "slots:\n  kind:\n    type: text\n    mappings:\n"
        "      - {type: from_entity, entity: x, x-append: true}\n", 5, 50),
    "not_a_choice": ("slots:\n  kind: {type: number}\n", 2, 16),
    "text_without_language": ("responses:\n  utter_x: [{text: Hello}]\n", 2, 20),
}  # fmt: skip


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_found_at_its_place(code: str) -> None:
    text, line, column = MISTAKES[code]
    problems = check_flow_set(sources(extra=text))
    found = [problem for problem in problems if problem.code == code]
    assert found, [problem.render(Locale.EN) for problem in problems]
    assert (found[0].at.file, found[0].at.line, found[0].at.column) == (
        "flows/extra.yml",
        line,
        column,
    )
    with pytest.raises(FlowProblems):
        load_flow_set(sources(extra=text))


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_explained_in_every_language(code: str) -> None:
    problems = check_flow_set(sources(extra=MISTAKES[code][0]))
    problem = next(problem for problem in problems if problem.code == code)
    for locale in Locale:
        text = problem.render(locale)
        assert problem.message(locale) != code
        assert problem.hint(locale)
        assert not re.search(r"\{(name|wanted|near|offset|what|inside|flow|other)\}", text)


def test_every_code_in_the_source_has_words_in_all_three_languages() -> None:
    source = "".join(path.read_text() for path in FORMAT.glob("*.py"))
    known = set(words(Locale.EN))
    assert known == set(words(Locale.ZH_HANS)) == set(words(Locale.ZH_HANT))
    used = {code for code in known if f'"{code}"' in source}
    made = {f"unknown_{kind}" for kind in ("flow", "action", "event")}
    made |= {"no_flow_files", "only_stories"}  # told by who looks into the folder
    assert known == used | made
    reported = re.findall(r'(?:report|warn|_refused|problem|Problem)\(\s*"([a-z_]+)"', source)
    assert set(reported) <= known


def test_a_number_against_a_text_slot_is_a_warning_only() -> None:
    text = flow(
        "- noop: true\n  next:\n    - if: slots.colour > 3\n      then: END\n    - else: END"
    )
    (problem,) = check_flow_set(sources(extra=text))
    assert (problem.code, problem.warning) == ("never_true", True)
    load_flow_set(sources(extra=text))


def test_one_intent_starts_one_flow() -> None:
    both = "intents: [wish]\n" + flow(
        "- action: utter_late",
        head="nlu_trigger: [{intent: wish}]\n    translation: "
        "{zh-Hans: {name: 新}, zh-Hant: {name: 新}, en: {name: New}}",
    )
    twice = both + both.split("flows:\n")[1].replace("new:", "newer:")
    assert [p.code for p in check_flow_set(sources(extra=twice))] == ["intent_twice"]


def test_every_response_speaks_three_languages_with_the_same_gaps_and_buttons() -> None:
    files = sources()
    files["language/en/more.yml"] = response_file(("utter_new",), "Hello {colour}")
    files["language/zh-Hans/more.yml"] = (
        'utter_new:\n  - text: "你好 {budget}"\n    buttons: [{title: 好, payload: /yes}]\n'
    )
    assert sorted(p.code for p in check_flow_set(files)) == [
        "buttons_differ",
        "gaps_differ",
        "missing_language",
    ]


def test_a_private_slot_is_only_said_in_private_responses() -> None:
    files = sources()
    for tag in LANGUAGES:
        files[f"language/{tag}/more.yml"] = response_file(("utter_new",), "{address}")
    assert {p.code for p in check_flow_set(files)} == {"private_gap"}
    for tag in LANGUAGES:
        files[f"language/{tag}/more.yml"] += "    x-private: true\n"
    assert check_flow_set(files) == []


def test_a_broken_part_does_not_hide_mistakes_in_others() -> None:
    both = flow("- id: which\n  collect: colour\n  requried: true\n- action: utter_tanks")
    assert [p.code for p in check_flow_set(sources(extra=both))] == [
        "unknown_key",
        "unknown_response",
    ]


def test_the_published_schema_and_the_builder_know_the_same_steps() -> None:
    kinds = [
        reference["$ref"].rsplit("/", 1)[1] for reference in schema()["$defs"]["step"]["oneOf"]
    ]
    assert tuple(kinds) == KINDS
    built = {
        "collect": Collect, "action": ActionStep, "set_slots": SetSlots, "noop": Noop,
        "call": Call, "link": Link, "x-wait": WaitStep,
    }  # fmt: skip
    assert set(built) == set(kinds)
    for kind in kinds:
        step = schema()["$defs"][kind]
        assert step["required"][0] == kind
        assert step["additionalProperties"] is False
        assert {"id", "metadata"} <= set(step["properties"])


def test_the_builder_reads_every_key_that_the_schema_allows() -> None:
    """A key that is accepted and then ignored would be a lie; these say nothing to the engine."""
    silent = {"id", "metadata", "next", "description", "file_path", "version", "then", "else"}
    source = "".join(path.read_text() for path in FORMAT.glob("*.py"))
    text = json.dumps(schema())
    keys = set(re.findall(r'"([a-z_-]+)": \{', text)) - {"properties", "patternProperties"}
    named = {key for key in keys if any(key in d.get("properties", {}) for d in _objects(schema()))}
    for key in named - silent - {locale.lower() for locale in LANGUAGES}:
        assert f'"{key}"' in source, key


def _objects(rule: object) -> list[dict[str, object]]:
    if isinstance(rule, dict):
        return [rule, *(found for value in rule.values() for found in _objects(value))]
    if isinstance(rule, list):
        return [found for value in rule for found in _objects(value)]
    return []


@pytest.mark.parametrize(
    ("steps", "head", "code", "words_of"),
    [
        ("- collect: color", "", "unknown_slot", {"en": "No slot", "zh": "slots:"}),
        ("- noop: true\n  next:\n    - if: slots.color\n      then: END\n    - else: END", "",
         "unknown_slot", {"en": "Declare it", "zh": "slots:"}),
        ("- noop: true", "nlu_trigger: [{intent: greet}]", "unknown_intent",
         {"en": "No intent", "zh": "intents:"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("locale", list(Locale))
def test_where_there_is_none_at_all_the_hint_says_what_to_do(
    steps: str, head: str, code: str, words_of: dict[str, str], locale: Locale
) -> None:
    alone = {"new.yml": flow(steps, head=head)}
    found = [problem for problem in check_flow_set(alone) if problem.code == code]
    assert found
    for problem in found:
        assert "–" not in problem.hint(locale)
        assert words_of[locale.value[:2]] in problem.hint(locale)


def test_each_language_has_the_same_words_for_the_same_problems() -> None:
    keys = [{code: set(said) for code, said in words(locale).items()} for locale in Locale]
    assert keys[0] == keys[1] == keys[2]

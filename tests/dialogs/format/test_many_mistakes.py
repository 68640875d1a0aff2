"""Several mistakes at once: each is told in the first run, and nothing that only follows from one
of them is called a mistake."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.kernel.locales import Locale
from dialogs.format import check_flow_set, read
from dialogs.format.problems import words
from tests.dialogs.format.small_shop import FILES, FLOWS, problems_of
from tests.dialogs.format.test_schema_oracle import spoil

GOOD = read("flows.yml", FLOWS).data
NAMES = {
    "collect: recipient": "collect: recepient",
    "utter: utter_too_low": "utter: utter_to_low",
    "then: wrap": "then: warp",
}
NAMED = ["unknown_slot", "unknown_response", "unknown_step"]
# What somebody wrote, and instead of what; and how that is told, whatever else is wrong.
SHAPES = {
    "a word for true": (
        "collect: budget\n", "collect: budget\n        ask_before_filling: yes\n", ["wrong_type"]),
    "no time": ("timeout: PT30M", "timeout: soon", ["bad_duration"]),
    "no description": (
        "    description: Finds a gift and sells it\n", "", ["missing_key"]),
    "a step in Chinese punctuation": (
        "- id: wrap\n        set_slots:\n          - price: 20", "- id：wrap", ["wide_sign"]),
    "a step that is none": (
        "- id: thanks\n        action", "- id: thanks\n        say", ["no_kind"]),
    "two steps in one": (
        "        action: action_order", "        action: action_order\n        collect: price",
        ["two_kinds"]),
    "two steps in one, and a tool": (
        "        action: action_order",
        "        action: action_order\n        call: colours\n        mcp_server: stock",
        ["two_kinds", "refused_mcp"]),
    "a branch that leads nowhere": (
        "          - else: order\n", "          - else:\n", ["empty"]),
    "a branch of another language": (
        "          - else: order\n",
        "          - elif: slots.sure\n            then: late\n          - else: order\n",
        ["branch_word"]),
    "a slip in next": ("        next: thanks", "        nxet: thanks", ["unknown_key"]),
    "an id in Chinese": ("- id: help\n", "- id: 帮助\n", ["bad_name"]),
    "a title that is none": (
        "zh-Hant: {name: 挑禮物}}", "zh-Hant: {nam: 挑禮物}}", ["missing_key", "unknown_key"]),
    "a trigger that is none": ("- intent: gift_find", "- intend: gift_find", [
        "missing_key", "unknown_key"]),
    "a key that is none": ("key: payment", "key: the payment", ["bad_name"]),
    "what to say in place of its name": (
        "collect: budget\n", "collect: budget\n        utter: How much may it be?\n",
        ["sentence_for_name"]),
    "a rejection without its reason": (
        "        next:\n          - if: slots.budget > 500",
        "          - if: slots.sure\n        next:\n          - if: slots.budget > 500",
        ["missing_key"]),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_mistakes_of_all_kinds_in_one_flow_are_told_at_once(shape: str) -> None:
    old, new, codes = SHAPES[shape]
    assert FLOWS.count(old) == 1
    flows = FLOWS.replace(old, new)
    for right, wrong in NAMES.items():
        assert flows.count(right) == 1
        flows = flows.replace(right, wrong)
    told = problems_of({**FILES, "flows.yml": flows})
    assert sorted(problem.code for problem in told) == sorted([*NAMED, *codes])
    lines = flows.splitlines()
    for problem, name in ((p, p.values["name"]) for p in told if p.code in NAMED):
        assert lines[problem.at.line - 1][problem.at.column - 1 :].startswith(name)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_follows_from_what_cannot_be_read(shape: str) -> None:
    """A way to an unreadable step is none to an unknown one, and what it fills is not empty."""
    old, new, codes = SHAPES[shape]
    told = problems_of({**FILES, "flows.yml": FLOWS.replace(old, new)})
    assert sorted(problem.code for problem in told) == sorted(codes)


@pytest.mark.parametrize(
    ("file", "old", "new", "codes"),
    [
        ("domain.yml", "slots:", "slot:", ["unknown_key"]),
        ("domain.yml", "  trouble: {type: text}", "  trouble: {type: txt}", ["not_a_choice"]),
        ("domain.yml", "actions: [action_order]", "actions: action_order", ["wrong_type"]),
        ("domain.yml", "[gift_find, gift_buy]", "[gift_find: yes]", ["wrong_type"]),
        ("language/en/responses.yml", 'utter_late:\n  - text: "Fine {colour}"',
         "utter_late: Fine", ["wrong_type"]),
        ("language/en/responses.yml", 'utter_late:\n  - text: "Fine {colour}"',
         'utter_late:\n  - txt: "Fine {colour}"', ["missing_key", "unknown_key"]),
    ],
)  # fmt: skip
def test_names_that_are_unreadable_elsewhere_are_not_missed(
    file: str, old: str, new: str, codes: list[str]
) -> None:
    assert FILES[file].count(old) == 1
    files = {**FILES, file: FILES[file].replace(old, new)}
    assert sorted(problem.code for problem in problems_of(files)) == codes
    files["flows.yml"] = FLOWS.replace("then: wrap", "then: warp")
    assert sorted(p.code for p in problems_of(files)) == sorted([*codes, "unknown_step"])


def test_a_good_flow_file_is_judged_as_before_where_another_is_broken() -> None:
    other = "flows:\n  other:\n    description: other\n    steps:\n      - collect: recepient\n"
    lost = "      - noop: true\n        next: lost\n      - id: lst\n        noop: yes\n"
    told = check_flow_set({**FILES, "other.yml": other + lost})
    assert [p.code for p in told] == [
        "wants_id", "unknown_slot", "unknown_step", "missing_key", "not_a_choice",
    ]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_no_shape_breaks_the_linter(draw: st.DataObject) -> None:
    _spoil_and_check(draw)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_no_shape_breaks_the_linter_at_length(draw: st.DataObject) -> None:
    _spoil_and_check(draw)


def _spoil_and_check(draw: st.DataObject) -> None:
    data: Any = deepcopy(GOOD)
    for _ in range(2):
        spoil(data["flows"], draw)
        data = deepcopy(data)  # what was put in may stand there twice
    told = problems_of({**FILES, "flows.yml": json.dumps(data)})  # JSON is YAML in one line
    assert {problem.code for problem in told} <= words(Locale.EN).keys()


def test_a_next_of_a_step_that_takes_none_is_told_and_not_read() -> None:
    """Found by the run at length: two keys went astray at once."""
    data: Any = deepcopy(GOOD)
    steps = data["flows"]["gift"]["steps"]
    link = next(step for step in steps if "link" in step)
    link["next"] = True
    ask = next(step for step in steps if step.get("id") == "much")
    ask["next"] = ask.pop("id")
    assert problems_of({**FILES, "flows.yml": json.dumps(data)})

"""The example flows of docs/flow-format.md load without a warning and go as the page says."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from data.kernel.locales import Locale
from dialogs.actions.shelf import ACTIONS
from dialogs.engine import TIMEOUT, ActionResult, Happened, Input, RunAction
from dialogs.engine import commands as spoken
from dialogs.format import FlowSet, check_flow_set, load_flow_set, schema
from dialogs.format.predicate_tokens import tokens_of
from tests.dialogs.engine.talk import Talk
from tests.house.flow_format import EXAMPLES, example, plays

NAMES = sorted(file.name for file in EXAMPLES.glob("*.yml"))
_CALL = re.compile(r"(\w+)\((.*)\)")


def loaded(name: str) -> FlowSet:
    return load_flow_set({f"flows/{name}": example(name)})


def parsed(line: str) -> tuple[str, list[Any]]:
    """`SetSlot(budget, 50)` is a name and YAML values."""
    found = _CALL.fullmatch(line)
    assert found, line
    return found[1], YAML(typ="safe", pure=True).load(f"[{found[2]}]")


def heard(lines: list[str], talk: Talk) -> list[str]:
    """The responses said to this."""
    calls = [parsed(line) for line in lines]
    if calls[0][0] == "Happened":
        return talk.take(happened(calls[0][1], talk))
    return talk.hear(*(getattr(spoken, kind)(*values) for kind, values in calls))


def happened(values: list[Any], talk: Talk) -> Input:
    if values == [TIMEOUT]:
        return Happened(TIMEOUT, wait=talk.state.parked[-1].wait)
    return Happened(*values)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_neither_mistake_nor_warning(name: str) -> None:
    problems = check_flow_set({f"flows/{name}": example(name)})
    assert [problem.render(Locale.EN) for problem in problems] == []
    assert not loaded(name).domain.actions - set(ACTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_goes_as_the_page_says(name: str) -> None:
    play = plays()[name]

    def act(call: RunAction) -> ActionResult:
        return ActionResult(play.get("acts", {}).get(call.name, {}))

    talk = Talk(loaded(name))
    talk.act = act
    for line in play["lines"]:
        before = len(talk.calls)
        assert heard(line["in"], talk) == line["said"], line
        assert [call.name for call in talk.calls[before:]] == line.get("ran", []), line
        assert talk.failed is None


def test_every_example_is_played() -> None:
    assert sorted(plays()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_play_comes_by_every_response_of_its_example(name: str) -> None:
    """So every branch of the examples is run, not only loaded."""
    said = {response for line in plays()[name]["lines"] for response in line["said"]}
    own = set(re.findall(r"^  (utter_\w+):$", example(name), re.MULTILINE))
    assert own
    assert not own - said


def test_each_kind_of_step_has_an_example_with_it() -> None:
    for kind in schema()["$defs"]["step"]["oneOf"]:
        name = kind["$ref"].rsplit("/", 1)[1]
        assert re.search(rf"^ +(- )?{name}:", example(f"{name}.yml"), re.MULTILINE), name


def test_the_example_of_conditions_has_every_operator_and_every_constant() -> None:
    conditions = re.findall(r"if: (.+?)(?:, utter|}?$)", example("conditions.yml"), re.MULTILINE)
    words = " ".join(
        token.text.lower()
        for condition in conditions
        for token in tokens_of(condition[1:-1] if condition[0] == '"' else condition)
        if token.kind in ("op", "name")
    )
    for definition in ("operator", "constant"):
        for one in schema()["$defs"][definition]["anyOf"]:
            assert f" {one['const']} " in f" {words} ", one["const"]


@pytest.mark.parametrize("part", ["slot", "mapping"])
def test_the_example_of_slots_has_every_type(part: str) -> None:
    for kind in schema()["$defs"][part]["properties"]["type"]["enum"]:
        assert f"type: {kind}" in example("slots.yml")

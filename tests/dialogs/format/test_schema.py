"""The published schema says what each key does, and knows the same names as the code."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dialogs.format import SlotType, compile_predicate, schema
from dialogs.format.comparing import OPERATORS
from dialogs.format.own_names import PATTERNS, REFUSED_PATTERNS
from dialogs.format.wait_events import WAIT_EVENTS

DEFINITIONS = schema()["$defs"]


def rules(rule: Any = None, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schema with its place."""
    rule = schema() if rule is None else rule
    if isinstance(rule, dict):
        yield path, rule
        for key, value in rule.items():
            yield from rules(value, f"{path}/{key}")
    elif isinstance(rule, list):
        for index, value in enumerate(rule):
            yield from rules(value, f"{path}/{index}")


def named(definition: str) -> list[str]:
    return [one["const"] for one in DEFINITIONS[definition]["anyOf"]]


def test_every_key_and_every_name_is_described() -> None:
    keys = {
        f"{path}/{name}": rule
        for path, holder in rules()
        if isinstance(holder.get("properties"), dict)
        for name, rule in holder["properties"].items()
    }
    consts = {path: rule for path, rule in rules() if "const" in rule}
    assert len(keys) > 70
    assert len(consts) > 50
    parts = {**keys, **consts, **DEFINITIONS, "": schema()}
    assert not [path for path, rule in parts.items() if not rule.get("description")]
    assert not [path for path, rule in parts.items() if rule["description"][-1] != "."]


def test_what_a_key_does_is_one_sentence() -> None:
    """A definition or a step may say more; a row of the page may not."""
    long = [
        path
        for path, rule in rules()
        if isinstance(rule.get("description"), str)
        and re.search(r"properties/[^/]+$", path)
        and re.search(r"\. [A-Z]", rule["description"])
    ]
    assert not long


def test_every_object_is_closed_and_every_reference_resolves() -> None:
    for path, rule in rules():
        reference = rule.get("$ref")
        if isinstance(reference, str):
            assert reference.removeprefix("#/$defs/") in DEFINITIONS, path
        if rule.get("type") == "object" and "properties" in rule:
            assert rule["additionalProperties"] is False, path


def test_the_schema_and_the_code_know_the_same_names() -> None:
    assert set(named("event")) == set(WAIT_EVENTS)
    assert set(named("pattern")) == PATTERNS
    refused = re.findall(r"pattern_\w+", DEFINITIONS["pattern"]["description"])
    assert set(refused) <= set(REFUSED_PATTERNS)
    kind = DEFINITIONS["slot"]["properties"]["type"]
    assert (
        kind["enum"] == [one["const"] for one in kind["anyOf"]] == [kind.value for kind in SlotType]
    )
    source = DEFINITIONS["mapping"]["properties"]["type"]
    assert source["enum"] == [one["const"] for one in source["anyOf"]]
    assert set(OPERATORS) < set(named("operator"))


@pytest.mark.parametrize("operator", named("operator"))
def test_every_operator_can_be_written(operator: str) -> None:
    compile_predicate("not slots.a" if operator == "not" else f"slots.a {operator} 'b'")


@pytest.mark.parametrize("constant", named("constant"))
def test_every_constant_can_be_written(constant: str) -> None:
    assert compile_predicate(f"slots.a is {constant} or not slots.a is {constant}")({}, {})


def test_the_page_names_every_field_that_an_event_tells_and_no_other() -> None:
    for one in DEFINITIONS["event"]["anyOf"]:
        told = WAIT_EVENTS[one["const"]].fields
        assert re.findall(r"`(\w+)` \(", one["description"]) == list(told), one["const"]
        types = {"text": "text", "float": "number"}
        for name, kind in told.items():
            assert f"`{name}` ({types[kind]}" in one["description"], one["const"]


def test_the_page_says_which_events_stay_true() -> None:
    lasting = [name for name, event in WAIT_EVENTS.items() if event.lasting]
    assert f"({', '.join(lasting)})" in DEFINITIONS["event"]["description"]

"""The published schema, read by a validator that no one here wrote: it and ours must agree."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dialogs.format.reader import Source, read
from dialogs.format.shape import check_shape, schema
from dialogs.format.wait_events import WAIT_EVENTS
from tests.dialogs.format.small_shop import DOMAIN, FLOWS

GOOD = sorted(
    path
    for folder in ("dialogs/flows", "docs/examples/flows")
    for path in Path(folder).rglob("*.yml")
)
ORACLE = Draft202012Validator(schema())
SHOP = [read(f"{number}.yml", text).data for number, text in enumerate((FLOWS, DOMAIN))]
OTHER = (None, True, 3, 1.5, "", "word", "two words", [], ["word"], {}, {"if": "slots.colour"})
NEW_KEYS = ("id", "next", "collect", "if", "x-note", "utter", "events", "text", "else")


def ours(data: Any) -> bool:
    """Nothing of weight: what only warns is valid. The schema lists the events that there are; ours
    looks for them with all other names, after the shape."""
    found = [one for one in check_shape(Source("shop.yml", data)) if not one.warning]
    return not found and all(event in WAIT_EVENTS for event in _events(data))


def _events(data: Any) -> Iterator[str]:
    """Those that steps wait for, in a file of sound shape."""
    if isinstance(data, dict) and "x-wait" in data:
        event = data["x-wait"].get("event", [])
        yield from [event] if isinstance(event, str) else event
    within = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for each in within:
        yield from _events(each)


def test_the_schema_itself_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", GOOD, ids=str)
def test_every_good_file_is_valid_for_both(path: Path) -> None:
    data = read(str(path), path.read_text(encoding="utf-8")).data
    assert list(ORACLE.iter_errors(data)) == []
    assert ours(data)


@settings(max_examples=150)
@given(st.data())
def test_both_agree_on_a_file_with_something_changed(draw: st.DataObject) -> None:
    data = deepcopy(draw.draw(st.sampled_from(SHOP)))
    spoil(data, draw)
    valid = ORACLE.is_valid(data)
    event("still valid" if valid else "spoiled")
    assert ours(data) is valid, data


def spoil(data: Any, draw: st.DataObject) -> None:
    """One value of the file is lost, put in another's place, or joined by a key."""
    place, key = draw.draw(st.sampled_from(list(places(data))))
    match draw.draw(st.sampled_from(("lose", "put", "join", "rename"))):
        case "lose":
            del place[key]
        case "put":
            place[key] = draw.draw(st.sampled_from(OTHER))
        case "join" if isinstance(place, dict):
            place[draw.draw(st.sampled_from(NEW_KEYS))] = draw.draw(st.sampled_from(OTHER))
        case "rename" if isinstance(place, dict):
            place[draw.draw(st.sampled_from(NEW_KEYS))] = place.pop(key)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every value in the file, as the thing that holds it and its key or number there."""
    held = (
        enumerate(data)
        if isinstance(data, list)
        else data.items()
        if isinstance(data, dict)
        else ()
    )
    return [found for key, value in held for found in ((data, key), *places(value))]

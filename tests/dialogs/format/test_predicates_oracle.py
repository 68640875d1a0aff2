"""Random nested conditions mean what an evaluator that shares nothing with the compiler says."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.format import compile_predicate
from tests.dialogs.format.predicate_oracle import (
    JUDGES,
    Alone,
    Compared,
    Condition,
    Constant,
    IsEmpty,
    Joined,
    Not,
    Operand,
    Slot,
    parts_of,
)

NAMES = ("a", "b", "c", "empty_one", "and_so", "nothing")
# So few that two of them are often the same, or nearly.
PLAIN = (None, True, False, 0, 1, -2, 1.0, 1.5, "", "red", "re", "not", "1", "it's")
VALUES = st.one_of(
    st.sampled_from((0, 1, 1.0)),
    st.sampled_from(("red", "re")),
    st.sampled_from(PLAIN),
    st.lists(st.sampled_from(PLAIN[1:]), max_size=3),
)


def _constant(value: Any) -> Constant:
    if value is None:
        return Constant("null", None)
    if isinstance(value, bool):
        return Constant(str(value).lower(), value)
    if isinstance(value, str):
        return Constant('"' + value + '"', value)
    if isinstance(value, list):
        return Constant("{" + ", ".join(_constant(one).text for one in value) + "}", value)
    return Constant(str(value), value)


SLOTS = st.builds(Slot, st.sampled_from(NAMES))
OPERANDS: st.SearchStrategy[Operand] = st.one_of(SLOTS, VALUES.map(_constant))
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    *[st.builds(Compared, OPERANDS, st.sampled_from(sorted(JUDGES)), OPERANDS)] * 3,
    st.builds(IsEmpty, SLOTS, st.booleans()),
    st.builds(Alone, SLOTS),
)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, inner, st.booleans()),
        st.builds(Joined, st.sampled_from(("and", "or")), parts, st.booleans()),
    )


NESTED = st.recursive(LEAVES, _joined, max_leaves=6)
CONDITIONS = st.builds(
    Joined, st.sampled_from(("and", "or")), st.tuples(NESTED, NESTED, LEAVES, LEAVES), st.booleans()
)
FILLED = st.fixed_dictionaries(dict.fromkeys(NAMES[:-1], VALUES))


def _agree(condition: Condition, slots: dict[str, Any]) -> None:
    if len(condition.written()) > 500:  # more is refused: test_predicates.py
        return
    for part in parts_of(condition):  # what the whole hides: `x or true`
        assert compile_predicate(part.written())(slots, {}) is part.holds(slots), part.written()


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, FILLED)
def test_a_nested_condition_means_what_another_evaluator_says(
    condition: Condition, slots: dict[str, Any]
) -> None:
    _agree(condition, slots)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(CONDITIONS, FILLED)
def test_they_agree_at_length(condition: Condition, slots: dict[str, Any]) -> None:
    _agree(condition, slots)

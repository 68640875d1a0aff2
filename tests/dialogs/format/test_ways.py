"""What the linter knows of ways through flows: waits with their key, links that come to rest."""

from itertools import product

import pytest

from data.kernel.locales import Locale
from dialogs.format import check_flow_set, compile_predicate
from tests.dialogs.engine.talk import sources

WAIT = """
      - id: wait
        x-wait: {event: payment_paid, key: payment, timeout: P1D, on_timeout: END}
        next: END"""


def flow(name: str, steps: str, head: str = "") -> str:
    return f"  {name}:\n    description: {name}\n{head}    steps:{steps}\n"


def told(*flows: str) -> list[tuple[str, str]]:
    """Code and name of every problem."""
    problems = check_flow_set(sources(extra="flows:\n" + "".join(flows)))
    return [(problem.code, problem.values["name"]) for problem in problems]


NO_KEY = [("wait_without_key", "payment")]
ASK = "\n      - id: ask\n        collect: colour"
ASK_OR_NOT = """
      - id: fork
        noop: true
        next:
          - if: {condition}
            then: {then}
          - else: {other}
      - id: pay
        {fill}"""


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (WAIT, NO_KEY),
        ("\n      - action: utter_late" + WAIT, NO_KEY),
        ("\n      - action: action_order" + WAIT, []),
        ("\n      - set_slots: [{payment: p1}]" + WAIT, []),
        (
            "\n      - set_slots: [{payment: p1}]\n      - set_slots: [{payment: null}]" + WAIT,
            NO_KEY,
        ),
        ("\n      - action: action_order\n      - set_slots: [{payment: null}]" + WAIT, NO_KEY),
        ("\n      - call: colours" + WAIT, NO_KEY),
    ],
)
def test_a_wait_wants_its_key_filled_before(steps: str, expected: list[tuple[str, str]]) -> None:
    assert told(flow("new", steps)) == expected


@pytest.mark.parametrize(
    ("condition", "then", "other", "expected"),
    [
        ("slots.sure", "wait", "pay", NO_KEY),
        ("slots.sure", "pay", "wait", NO_KEY),
        ("slots.sure", "pay", "END", []),
        ("slots.payment", "wait", "pay", []),
        ("not slots.payment", "pay", "wait", []),
        ("slots.payment is null", "pay", "wait", []),
        ("slots.payment is not empty", "wait", "pay", []),
        ("slots.payment or slots.sure", "wait", "pay", NO_KEY),
        ("slots.payment and slots.sure", "wait", "pay", []),
        ("slots.payment and slots.sure", "pay", "wait", NO_KEY),
        ("slots.payment matches 'p.*'", "wait", "pay", []),
        ("slots.payment = slots.receipt", "wait", "pay", NO_KEY),
    ],
)
def test_a_branch_that_has_looked_at_the_key_may_wait(
    condition: str, then: str, other: str, expected: list[tuple[str, str]]
) -> None:
    fork = ASK_OR_NOT.format(
        condition=condition, then=then, other=other, fill="action: action_order"
    )
    assert told(flow("new", fork + WAIT)) == expected


def test_a_wait_may_be_filled_by_its_caller_and_by_every_one_of_them() -> None:
    waits = flow("waits", WAIT)
    good = flow("good", "\n      - action: action_order\n      - call: waits")
    bad = flow("bad", "\n      - call: waits")
    assert told(waits, good) == []
    assert told(waits, good, bad) == NO_KEY


def test_a_flow_that_somebody_may_start_is_not_filled_by_its_caller() -> None:
    waits = flow("waits", WAIT, "    if: slots.sure\n")
    good = flow("good", "\n      - action: action_order\n      - call: waits")
    assert told(waits, good) == NO_KEY
    assert told(flow("waits", WAIT, "    if: slots.payment\n"), good) == []


def test_what_a_called_flow_fills_on_all_its_ways_counts_after_it() -> None:
    fills = flow("fills", "\n      - set_slots: [{payment: p1}]")
    perhaps = flow(
        "fills",
        ASK_OR_NOT.format(
            condition="slots.sure", then="pay", other="END", fill="set_slots: [{payment: p1}]"
        ),
    )
    calls = flow("calls", "\n      - call: fills" + WAIT)
    assert told(fills, calls) == []
    assert told(perhaps, calls) == NO_KEY


def test_a_flow_that_ends_by_a_link_has_forgotten_what_it_filled() -> None:
    first = "\n      - set_slots: [{payment: p1}]\n      - link: waits"
    assert told(flow("first", first), flow("waits", WAIT)) == NO_KEY
    kept = flow("first", first, "    persisted_slots: [payment]\n")
    assert told(kept, flow("waits", WAIT)) == []


def test_an_event_fills_its_slots_and_a_timeout_does_not() -> None:
    steps = """
      - action: action_order
      - set_slots: [{receipt: null}]
      - id: first
        x-wait:
          event: payment_paid
          key: payment
          set_slots: {receipt: number}
          timeout: P1D
          on_timeout: %s
      - id: second
        x-wait: {event: payment_paid, key: receipt, timeout: P1D, on_timeout: END}
        next: END"""
    assert told(flow("new", steps % "END")) == []
    assert told(flow("new", steps % "second")) == [("wait_without_key", "receipt")]


LINK = "\n      - link: {to}"


def test_links_that_go_round_in_silence_are_told_once_with_the_whole_way() -> None:
    circle = [
        flow(name, "\n      - action: utter_late" + LINK.format(to=to))
        for name, to in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    assert told(*circle) == [("link_circle", "b")]
    (problem,) = check_flow_set(sources(extra="flows:\n" + "".join(circle)))
    assert "a → b → c → a" in problem.message(Locale.EN)
    assert (problem.at.line, problem.at.column) == (6, 15)


def test_links_that_ask_on_the_way_may_go_round() -> None:
    asks = ASK + LINK.format(to="a")
    assert told(flow("a", LINK.format(to="b")), flow("b", asks)) == []


def test_a_flow_that_asks_in_one_branch_only_does_not_stop_a_circle() -> None:
    sometimes = flow(
        "sometimes",
        ASK_OR_NOT.format(condition="slots.sure", then="pay", other="END", fill="collect: colour"),
    )
    always = flow("always", ASK)
    for called, expected in (("sometimes", [("link_circle", "a")]), ("always", [])):
        around = flow("a", f"\n      - call: {called}" + LINK.format(to="a"))
        assert told(sometimes, always, around) == expected


def test_a_circle_within_a_flow_is_not_stopped_by_a_call_that_may_be_silent() -> None:
    sometimes = flow(
        "sometimes",
        ASK_OR_NOT.format(condition="slots.sure", then="pay", other="END", fill="collect: colour"),
    )
    again = """
      - id: again
        call: %s
        next:
          - if: slots.colour
            then: END
          - else: again"""
    assert told(sometimes, flow("new", again % "sometimes")) == [("endless_circle", "again")]
    assert told(flow("new", again % "colours")) == []


CONDITIONS = (
    "slots.a", "not slots.a", "slots.a = 1", "slots.a != 1", "slots.a is null",
    "slots.a is not null", "slots.a is empty", "slots.a < 2 or slots.b", "slots.a < slots.b",
    "slots.a = slots.b", "slots.a and not slots.b", "not (slots.a or slots.b is null)",
    "{1, 2} contains slots.a", "slots.a contains 'x'", "slots.b matches 'x'",
    "not (slots.a and (slots.b or slots.a = 'x'))", "slots.a = false or slots.b = true",
)  # fmt: skip


@pytest.mark.parametrize("source", CONDITIONS)
def test_what_a_condition_says_is_filled_is_filled(source: str) -> None:
    """Whatever the slots hold."""
    condition = compile_predicate(source)
    for a, b in product((None, 0, 1, 2, "", "x", True, False), repeat=2):
        slots = {"a": a, "b": b}
        filled = condition.filled.held if condition(slots, {}) else condition.filled.failed
        assert all(slots[name] is not None for name in filled), (slots, filled)

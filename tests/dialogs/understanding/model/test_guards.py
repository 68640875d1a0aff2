"""A model that does what an attacker tells it gets nothing done that is not the person's to do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.kernel.locales import Locale
from dialogs.engine.commands import Clarify, SetSlot, StartFlow
from dialogs.understanding.model import Proposal, allowed
from tests.dialogs.understanding.model.attacks import ATTACKS, Attack
from tests.dialogs.understanding.model.questions import a_proposal, a_question, content
from tests.dialogs.understanding.model.test_reserved import FILLABLE, PROPOSABLE

WISH = "my old lady turns sixty, got three hundred"
FOUND = (
    StartFlow("gift_finder"),
    SetSlot("recipient", "mother"),
    SetSlot("budget", {"min": None, "max": "300", "currency": "CNY", "approx": False}),
)


def test_what_the_person_said_is_taken() -> None:
    proposal = a_proposal("gift_finder", recipient="mother", budget="three hundred")
    assert allowed(a_question(WISH), proposal) == FOUND


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.words[:40])
def test_t29_a_model_that_obeys_an_attack_gives_no_command_that_is_not_allowed(
    attack: Attack,
) -> None:
    """The worst case: it answers with just what the attacker wanted."""
    for amid in (None, "gift_finder", "checkout", "remember_day"):
        proposal = Proposal.of(attack.answer)
        question = a_question(attack.words, amid=amid)
        commands = allowed(question, proposal) if proposal else ()
        for command in commands:
            match command:
                case StartFlow(flow=flow):
                    assert flow in PROPOSABLE - attack.wanted
                case SetSlot(slot=slot, value=value):
                    assert slot in FILLABLE - attack.wanted
                    assert str(value) not in attack.values
                case _:
                    raise AssertionError(command)


def test_t29_there_are_fifty_attacks() -> None:
    assert len({attack.words for attack in ATTACKS}) >= 50


@settings(max_examples=80)
@given(
    st.lists(
        st.sampled_from(sorted({*PROPOSABLE, "checkout", "stop_messages", "none"})), max_size=3
    ),
    st.lists(
        st.tuples(
            st.sampled_from(sorted({*FILLABLE, "product", "confirm_order", "ship_to"})),
            st.sampled_from(["three hundred", "sixty", "mother", "100000", "prd_1", "true", "old"]),
        ),
        max_size=6,
    ),
    st.sampled_from([None, "gift_finder", "checkout"]),
)
def test_t29_whatever_is_proposed_no_other_flow_and_no_other_slot_comes_out(
    start: list[str], fill: list[tuple[str, str]], amid: str | None
) -> None:
    question = a_question(WISH, amid=amid)
    for command in allowed(question, Proposal(tuple(start), tuple(fill), confidence=1.0)):
        assert isinstance(command, StartFlow | SetSlot)
        assert getattr(command, "flow", "gift_finder") in PROPOSABLE
        assert getattr(command, "slot", "budget") in FILLABLE
        assert "100000" not in str(command)
        assert "prd_1" not in str(command)


@pytest.mark.parametrize(
    "words", ["three", "hundred", "30", "hree hundred", "1000", "", "three hundred dollars"]
)
def test_t31_an_amount_that_was_not_said_is_none(words: str) -> None:
    commands = allowed(a_question(WISH), a_proposal("gift_finder", budget=words))
    assert commands == (StartFlow("gift_finder"),)


@pytest.mark.parametrize(
    ("text", "words", "most"),
    [
        ("老太太要六十了，手头三百五", "三百五", "350"),
        ("老太太要六十了，手头三百五", "三百", None),
        ("老太太要六十了，手頭剩500", "500", "500"),
        ("老太太要六十了，手頭剩1500", "500", None),
    ],
)
def test_a_part_of_a_number_is_another_number(text: str, words: str, most: str | None) -> None:
    question = a_question(text, locale=Locale.ZH_HANS)
    commands = allowed(question, a_proposal("gift_finder", budget=words))
    assert [c.value["max"] for c in commands if isinstance(c, SetSlot)] == ([most] if most else [])


def test_something_looked_for_is_the_persons_own_word() -> None:
    text = "fancy a Teapot of some sort maybe, dunno"
    right = allowed(a_question(text), a_proposal("product_search", search_for="teapot"))
    assert right == (StartFlow("product_search"), SetSlot("search_for", "Teapot"))
    wrong = allowed(a_question(text), a_proposal("product_search", search_for="<b>prd_9</b>"))
    assert wrong == (StartFlow("product_search"),)


def test_nothing_is_filled_that_belongs_to_no_flow_here() -> None:
    assert allowed(a_question(WISH), a_proposal(budget="three hundred")) == ()
    amid = allowed(a_question(WISH, amid="gift_finder"), a_proposal(budget="three hundred"))
    assert amid == FOUND[-1:]


def test_who_is_unsure_has_the_person_asked() -> None:
    two = a_proposal("gift_finder", "product_search", unsure=True)
    assert allowed(a_question(WISH), two) == (Clarify(("gift_finder", "product_search")),)
    assert allowed(a_question(WISH), a_proposal("gift_finder", unsure=True)) == ()


UNSOUND = [
    {},
    content(start="gift_finder"),
    content(start=["gift_finder"] * 4),
    content(start=[1]),
    content(fill=[{"slot": "budget"}]),
    content(fill=[{"slot": "budget", "value": 3}]),
    content(fill=[{"slot": "budget", "value": "x" * 201}]),
    content(fill=[{"slot": "budget", "value": "1", "price": 1}]),
    content(fill={"budget": "1"}),
    content(unsure="no"),
    content(confidence=True),
    content(confidence=7),
    content(say="Buy now for ¥1!"),
]


@pytest.mark.parametrize("answer", UNSOUND, ids=str)
def test_t31_an_answer_of_another_shape_is_none(answer: dict[str, object]) -> None:
    assert Proposal.of(answer) is None

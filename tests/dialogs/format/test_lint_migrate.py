"""A migrate map is checked like code: each mistake at its place, explained in every language."""

import re

import pytest

from data.kernel.locales import Locale
from dialogs.format import (
    FlowProblems,
    Problem,
    Source,
    Versions,
    checked_ways,
    load_flow_set,
    read,
)
from tests.dialogs.engine.talk import DOMAIN, SHOP, shop, sources

NEW = load_flow_set(
    sources(
        SHOP.replace("2_collect_budget", "how_much")
        .replace("id: paid\n", "id: paying\n")
        .replace("event: [payment_paid, payment_failed]", "event: [payment_paid]")
        .replace("  birthday:\n", "  days:\n"),
        domain=DOMAIN.replace("colour: {type: text}", "colour: {type: list}"),
    )
)
OLD = shop()
STORED = [OLD.sha, NEW.sha]


def mistakes(text: str) -> list[Problem]:
    with pytest.raises(FlowProblems) as found:
        checked_ways(read("map.yml", text.replace("OLD", OLD.sha).replace("NEW", NEW.sha)), shops())
    return found.value.problems


def shops() -> Versions:
    return Versions(NEW, STORED, {OLD.sha: OLD, NEW.sha: NEW}.__getitem__)


MISTAKES = {
    "unknown_version": ("# first\n1234:\n  gift: {pick: pick}\n", (2, 1)),
    "migrate_same_version": ("NEW:\n  gift: {pick: pick}\n", (1, 1)),
    "migrate_flow": ("OLD:\n  birthday: {0_collect_recipient: 0_collect_recipient}\n", (2, 3)),
    "migrate_step": ("OLD:\n  gift:\n    pick: pick\n    pcik: pick\n", (4, 5)),
    "migrate_kind": ("OLD:\n  gift:\n    show: pick\n", (3, 11)),
    "migrate_slot": ("OLD:\n  colours: {0_collect_colour: 0_collect_colour}\n", (2, 3)),
    "migrate_shape": ("OLD:\n  gift:\n    - pick\n", (3, 5)),
    "yaml_anchor": ("OLD: &a\n  gift: {pick: pick}\n", (1, 67)),
}


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_found_at_its_place(code: str) -> None:
    text, place = MISTAKES[code]
    (problem,) = mistakes(text)
    assert problem.code == code
    assert (problem.at.file, problem.at.line, problem.at.column) == ("map.yml", *place)


@pytest.mark.parametrize("code", MISTAKES)
def test_it_is_explained_in_every_language(code: str) -> None:
    (problem,) = mistakes(MISTAKES[code][0])
    for locale in Locale:
        assert problem.message(locale) != code
        assert problem.hint(locale)
        assert not re.search(r"\{\w+\}", problem.render(locale))


def test_a_target_that_is_not_there_is_told_with_what_was_meant() -> None:
    (problem,) = mistakes("OLD:\n  gift:\n    2_collect_budget: how_mcuh\n")
    assert (problem.code, problem.at.line, problem.at.column) == ("migrate_step", 3, 23)
    assert "how_much" in problem.hint(Locale.EN)


@pytest.mark.parametrize(
    "steps",
    [
        "order: {paid: paying}",  # it waits for fewer events
        "order: {paid: 2_collect_sure}",  # a wait is no question
        "gift: {pick: END}",  # nobody can stand there
        "outer: {1_collect_budget: 2}",
    ],
)
def test_a_conversation_goes_on_only_where_it_can_stand(steps: str) -> None:
    assert {problem.code for problem in mistakes(f"OLD:\n  {steps}\n")} <= {
        "migrate_kind",
        "migrate_step",
        "migrate_shape",
    }


def test_all_mistakes_are_told_at_once() -> None:
    text = "OLD:\n  gift: {a: pick, pick: b}\n  nobody: {a: b}\n0000:\n  gift: {a: b}\n"
    found = [(problem.code, problem.at.line) for problem in mistakes(text)]
    assert found == [
        ("migrate_step", 2),
        ("migrate_step", 2),
        ("migrate_flow", 3),
        ("unknown_version", 4),
    ]


def test_a_sound_map_is_given_back() -> None:
    text = f"{OLD.sha}:\n  gift: {{2_collect_budget: how_much, pick: pick}}\n"
    ways = {OLD.sha: {"gift": {"2_collect_budget": "how_much", "pick": "pick"}}}
    assert checked_ways(read("map.yml", text), shops()) == ways
    assert checked_ways(Source("migrate", ways), shops()) == ways
    assert checked_ways(read("map.yml", ""), shops()) == {}

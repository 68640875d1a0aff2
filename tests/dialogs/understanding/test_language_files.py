"""The tests that stand beside the language files, and what those files must hold."""

from typing import Any

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import CannotHandle
from dialogs.understanding import Understood, understand
from dialogs.understanding.examples import digest, examples, spread
from dialogs.understanding.folding import fold
from dialogs.understanding.intents import ABOUT, WEIGHTS, classifier
from dialogs.understanding.lexicon import LANGUAGES, lexicon
from dialogs.understanding.outcome import Entity
from dialogs.understanding.values import Setting, extract
from tests.dialogs.understanding.shop import CURRENCIES, TODAY, Row, a_context, rows, slots_of

_MAY_MISS, _MAY_ACT_WRONGLY = 0.05, 0.02


def _values(row: Row) -> tuple[Entity, ...]:
    return extract(fold(row.text), Setting(TODAY, row.locale, CURRENCIES[row.locale]))


def _field(entity: Entity, path: str) -> Any:
    value: Any = entity.fields
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


@pytest.mark.parametrize("row", [pytest.param(row, id=row.where) for row in rows("values")])
def test_a_value_is_read_exactly(row: Row) -> None:
    ((kind, want),) = row.wants.items()
    found = _values(row)
    assert any(
        entity.kind == kind and all(_field(entity, key) == value for key, value in want.items())
        for entity in found
    ), found


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.where) for row in rows("values", "absent")]
)
def test_a_word_that_only_looks_like_a_value_is_left_alone(row: Row) -> None:
    assert row.wants["kind"] not in {entity.kind for entity in _values(row)}


@pytest.mark.parametrize("locale", list(Locale))
def test_messages_mean_what_their_speakers_want(locale: Locale) -> None:
    """Guessing may miss a few; it must hardly ever do what nobody asked for."""
    told = [row for row in rows("messages") if row.locale is locale]
    answers = [(row, understand(row.text, a_context(locale=locale))) for row in told]
    missed = [(row.where, got) for row, got in answers if _intent(got) != row.wants["intent"]]
    acted = [where for where, got in missed if got.intent]
    assert len(missed) <= _MAY_MISS * len(told), missed
    assert len(acted) <= _MAY_ACT_WRONGLY * len(told), acted


def test_messages_fill_what_they_say() -> None:
    for row in rows("messages"):
        understood = understand(row.text, a_context(locale=row.locale))
        wanted = row.wants.get("slots", {})
        if understood.intent == row.wants["intent"]:
            assert {key: slots_of(understood).get(key) for key in wanted} == wanted, row.where
        if understood.intent is None:
            assert isinstance(understood.commands[0], CannotHandle)


def _intent(understood: Understood) -> str:
    return understood.intent or "none"


def test_the_committed_weights_are_learned_from_the_sentences_as_they_stand() -> None:
    assert classifier().digest == digest(), "run: python -m dialogs.understanding.train"


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size + ABOUT.stat().st_size < 1_500_000


def test_every_intent_has_examples_in_chinese_and_in_english() -> None:
    by_language = {
        name: {e.intent for e in examples() if e.locale.value.startswith(name)}
        for name in ("en", "zh")
    }
    assert by_language["en"] == by_language["zh"]


def test_every_language_has_words_values_and_sentences() -> None:
    names = {"words.yml", "values.yml", "sentences.yml", "concepts.yml"}
    for folder in LANGUAGES.iterdir():
        assert names <= {file.name for file in folder.iterdir()}, folder


def test_english_and_chinese_know_the_same_relations_and_occasions() -> None:
    for section in ("relations", "occasions", "festivals", "interests", "contents"):
        for name, forms in lexicon().section(section).items():
            scripts = {form.isascii() for form in forms}
            assert scripts == {True, False} or name in _ONE_LANGUAGE_ONLY, (section, name)


# Days and occasions that only one of them keeps.
_ONE_LANGUAGE_ONLY = {
    "love_day", "double_twelve", "little_new_year", "ghost", "laba", "opening", "boxing_day",
}  # fmt: skip


def test_a_line_with_alternatives_stands_for_the_same_few_sentences_each_time() -> None:
    line = "(show|give) me (more|others|)"
    assert spread(line) == spread(line)
    assert len(spread("(a|b|c|d) (e|f|g|h) (i|j|k|l)")) == 10
    assert set(spread("(a|b)")) == {"a", "b"}

"""Whatever somebody types into a good file, it is told in words at a place that there is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from data.kernel.locales import Locale
from dialogs.format.problems import words
from tests.dialogs.format.small_shop import FILES, FLOWS, problems_of

SIGNS = "\t :,-[]{}\"'@&*|>!%?=\\\n：，“”\u3000#e\x07"
Typed = list[tuple[int, int, str]]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(FLOWS) - 1), st.integers(0, 2), st.sampled_from(SIGNS)),
        min_size=1,
        max_size=3,
    )
)
def test_no_typing_breaks_the_linter(typed: Typed) -> None:
    text = FLOWS
    for at, gone, sign in typed:
        text = text[:at] + sign + text[at + gone :]
    lines = text.count("\n") + 1
    for problem in problems_of({**FILES, "flows.yml": text}):
        assert min(problem.at.line, problem.at.column) >= 1
        assert problem.at.line <= lines or problem.at.file != "flows.yml"
        for locale in Locale:
            assert problem.code in words(locale)
            assert problem.message(locale)
            assert problem.hint(locale)

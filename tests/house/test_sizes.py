"""Files and functions stay small enough to be read in one go."""

import ast

import pytest

from tests.house.source import functions, modules, name_of, tree

LONGEST_FILE = 400
LONGEST_BODY = 40
HISTORY = "data/migrations/versions/"  # what was done to the schema is a list, not a story


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [
        f"{name_of(file)}: {count}"
        for file in modules()
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    assert not long


def test_no_function_body_is_longer_than_forty_lines() -> None:
    long = [
        f"{name_of(file)}:{function.lineno} {function.name}: {lines}"
        for file in modules()
        if not name_of(file).startswith(HISTORY)
        for function in functions(file)
        if (lines := body_lines(function)) > LONGEST_BODY
    ]
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(file)
        for file in modules()
        if tree(file).body and ast.get_docstring(tree(file)) is None
    ]
    assert not silent


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without the docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize(("source", "lines"), [("def f():\n    '''d'''\n    a\n    b\n", 2)])
def test_the_measure_itself_leaves_docstrings_out(source: str, lines: int) -> None:
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == lines

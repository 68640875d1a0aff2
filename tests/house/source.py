"""Our own source, read as text and as syntax trees, for the rules of the house."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "dialogs", "integrations", "data")


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the product."""
    return tuple(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def docstrings(file: Path) -> set[int]:
    """Ids of the constants that are docstrings, of modules, classes, functions and attributes."""
    found: set[int] = set()
    for node in ast.walk(tree(file)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                found.add(id(statement.value))
    return found

"""Sentences for people stand in language files, never in Python (three languages are equal)."""

import ast
import re
from pathlib import Path

from tests.house.source import docstrings, modules, name_of, tree

# Two Han characters together, or four words in a row, are somebody's sentence.
HAN = re.compile(r"[\u3400-\u9fff]{2}")
WORDS = re.compile(r"[A-Za-z']{2,}(?: [A-Za-z']+){3,}")
# Language as data, not as speech: our own name, labels of an address line, folded letters …
DATA = {
    "bot/channels/addressing.py": "our own name in each script",
    "bot/play/": "names of those who play",
    "dialogs/actions/product_answers.py": "endings that are cut from what people write",
    "dialogs/actions/addresses.py": "labels people write before name, phone and street",
    "data/catalogue/tokens.py": "letters that are taken apart",
    "data/seeds/source.py": "speaks to whoever edits the seed files",
    "data/seeds/feed.py": "speaks to whoever edits the seed files",
    "data/seeds/build.py": "speaks to whoever edits the seed files",
    "data/seeds/pictures.py": "speaks to whoever edits the seed files",
    "data/seeds/render.py": "speaks to whoever edits the seed files",
    "dialogs/understanding/": "patterns of what people write",
    "dialogs/format/": "codes of the linter; its words are in problems.*.yml",
}


def test_no_sentence_for_people_stands_in_python() -> None:
    found = [
        f"{name_of(file)}:{line}: {text[:60]!r}"
        for file in modules()
        if not any(name_of(file).startswith(data) for data in DATA)
        for line, text in sentences(file)
    ]
    assert not found


def test_the_rule_itself_sees_sentences() -> None:
    assert HAN.search("请付款")
    assert WORDS.search("Please pay the order now")
    assert not WORDS.search("utter_ask_budget")


def sentences(file: Path) -> list[tuple[int, str]]:
    skipped = docstrings(file)
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in skipped
        and not _is_code(node.value)
        and (HAN.search(node.value) or WORDS.search(node.value))
    ]


def _is_code(text: str) -> bool:
    """SQL, header policies and the like are for machines."""
    machine = ("product_id", "IS NULL", "SELECT ", "CREATE ", "DROP ", "INSERT ", "UPDATE ")
    policies = ("default-src", "RAISE", "BEGIN")
    return any(word in text for word in (*machine, *policies))

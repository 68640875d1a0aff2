"""What must not stand in our source at all."""

import re

import pytest

from tests.house.source import ROOT, modules, name_of

FORBIDDEN = {
    "markup that is not escaped (T21)": re.compile(
        r"\bMarkup\(|\|\s*safe\b|autoescape\s*=\s*False"
    ),
    "a certificate that is not checked": re.compile(r"verify\s*=\s*False"),
    "links made from the Host header (T45)": re.compile(r"\burl_for\("),
    "a wait that may swallow a stop (bot/delivery/bell.py)": re.compile(r"asyncio\.wait_for"),
    "pickled data": re.compile(r"\bpickle\b(?!s)"),
    "an answer before its commit": re.compile(r"Depends\([a-z_.]*(?:transaction|session)"),
}
FORGOTTEN = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_forbidden_things_stay_out(what: str) -> None:
    templates = (ROOT / "bot").rglob("*.html")
    found = [
        name_of(file)
        for file in (*modules(), *templates)
        if FORBIDDEN[what].search(file.read_text(encoding="utf-8"))
    ]
    assert not found


def test_nothing_is_left_for_later_in_the_code() -> None:
    assert not [
        name_of(file) for file in modules() if FORGOTTEN.search(file.read_text(encoding="utf-8"))
    ]

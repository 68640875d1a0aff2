"""docs/flow-format.md is what the schema and the examples give, and leads nowhere that is not."""

import re

from tests.house.flow_format import PAGE, page

_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]+))?\)")
_PLACE = re.compile(r"^#+ (.+)$|<a id=\"([^\"]+)\">", re.MULTILINE)


def test_the_page_is_what_the_schema_gives() -> None:
    """`./dev docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = re.sub(r"```yaml.*?```", "", page(), flags=re.DOTALL)
    places = {(head or mark).lower().replace(" ", "-") for head, mark in _PLACE.findall(text)}
    links = _LINK.findall(text)
    assert len(links) > 50
    assert not [file for file, _ in links if file and not (PAGE.parent / file).exists()]
    assert not [place for file, place in links if not file and place not in places]

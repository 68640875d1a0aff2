"""docs/operating.md as what it is: commands in an order, and a table of variables."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import ROOT

OPERATING = ROOT / "docs" / "operating.md"
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(page: Path = OPERATING) -> list[str]:
    """The shell of a page, block by block."""
    return [match.strip() + "\n" for match in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def block_with(words: str) -> str:
    """The one block that says so."""
    (found,) = (block for block in blocks() if words in block)
    return found


def tuanzi_commands() -> Iterator[list[str]]:
    """Every `tuanzi …` that any page names with options, as the shell would split it."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for line in "".join(blocks(page)).splitlines():
            words = shlex.split(line) if "tuanzi " in line else []
            if "tuanzi" in words:
                yield words[words.index("tuanzi") + 1 :]

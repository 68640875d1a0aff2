"""T30: what we build on is pinned by hash, and no page loads anything from somebody else."""

import re

from tests.house.source import ROOT

# Ours, and those of peers: what we measure ourselves beside, and a messenger's real server.
LOCKS = (
    *ROOT.glob("requirements*.lock"),
    ROOT / "tests/peers/rasa/requirements.lock",
    ROOT / "tests/peers/synapse/requirements.lock",
)
_PINNED = re.compile(r"^[a-z0-9._-]+(?:\[[a-z,-]+\])?==\S+", re.MULTILINE)
_FOREIGN = re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE)


def test_t30_every_locked_distribution_has_its_hashes() -> None:
    for lock in LOCKS:
        text = lock.read_text(encoding="utf-8")
        blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert len(blocks) > 30
        assert not [block for block in blocks if not _PINNED.match(block)]
        assert not [block for block in blocks if "--hash=sha256:" not in block]


def test_t30_no_lock_names_an_index() -> None:
    for lock in LOCKS:
        assert "://" not in lock.read_text(encoding="utf-8")


def test_t30_no_page_loads_from_another_host() -> None:
    pages = [*(ROOT / "bot").rglob("*.html"), *(ROOT / "bot" / "static").glob("*")]
    assert pages
    assert not [
        str(page)
        for page in pages
        if page.suffix in {".html", ".js", ".css"}
        and _FOREIGN.search(page.read_text(encoding="utf-8"))
    ]

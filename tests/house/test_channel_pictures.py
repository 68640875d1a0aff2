"""Each channel's page shows its journey, and says under the picture what the picture is."""

import re

import pytest

from tests.house.source import ROOT

DOCS = ROOT / "docs" / "channels"
PICTURES = ROOT / "docs" / "img" / "channels"
CHANNELS = sorted(file.stem for file in DOCS.glob("*.md") if file.stem != "README")
LARGEST = 150 * 1024  # bytes: a page of documents is read on telephones too
_PICTURE = re.compile(
    r"^!\[(.+)\]\(\.\./img/channels/([\w-]+\.png)\)\n\n(\*[^*]+\*)$", re.MULTILINE
)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channels_page_shows_its_journey_and_says_what_that_picture_is(channel: str) -> None:
    shown = _PICTURE.findall((DOCS / f"{channel}.md").read_text(encoding="utf-8"))
    assert f"{channel}.png" in [name for _, name, _ in shown]
    for words, _, what_it_is in shown:
        assert min(len(words), len(what_it_is)) > 20


def test_every_picture_is_small_and_shown_somewhere() -> None:
    told = "".join(file.read_text(encoding="utf-8") for file in DOCS.glob("*.md"))
    shown = {name for _, name, _ in _PICTURE.findall(told)}
    assert shown == {file.name for file in PICTURES.glob("*.png")}
    large = [name for name in shown if (PICTURES / name).stat().st_size > LARGEST]
    assert not large

"""docs/channels/README.md tells what each channel can: held against what the code says it can."""

import re
from collections.abc import Callable

import pytest

from bot.channels import matrix, wechat_parts, wecom
from bot.channels.messages import Capabilities, Unit
from bot.channels.telegram import Ways, capabilities_alone
from tests.house.source import ROOT

PAGES = ROOT / "docs" / "channels"
_CAN = {
    "Telegram": capabilities_alone(
        Ways("tuanzi_test_bot", 7, "https://shop.example"), invoices=True
    ),
    "WeChat official account": wechat_parts.CAPABILITIES,
    "Matrix": matrix.CAPABILITIES,
    "WeCom": wecom.capabilities_of("https://work.weixin.qq.com/kf/kfc0ffee"),
}
_UNITS = {Unit.CHARACTERS: "characters", Unit.UTF16: "UTF-16 units", Unit.BYTES: "bytes"}
_DERIVED: dict[str, Callable[[Capabilities], bool]] = {
    "headings in bold": lambda can: can.markup,
    "pictures": lambda can: can.images,
    "buttons": lambda can: can.buttons > 0,
    "buttons that open a page": lambda can: can.url_buttons,
    "our page opened inside the messenger, signed for who opens it": lambda can: bool(can.app_link),
    "a card that changes in place": lambda can: can.edits,
    "a link that opens the private chat and says what for": lambda can: bool(can.start_link),
    "invoices of the messenger": lambda can: can.invoices,
}
_LONGEST = "longest text; what is longer comes in parts"
_DESCRIBED = {_LONGEST, "how it comes", "who is believed"}  # in words of their own
_KINDS = ("works", "falls back", "impossible")
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def rows() -> dict[str, dict[str, str]]:
    """Feature ▸ channel ▸ what is said of it."""
    part = (PAGES / "README.md").read_text(encoding="utf-8").partition("## What could not")[0]
    found: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for line in _ROW.findall(part):
        feature, *cells = line.split(" | ")
        if feature == "feature":
            names = cells
        elif not line.startswith("---"):
            found[feature] = dict(zip(names, cells, strict=True))
    return found


@pytest.mark.parametrize("feature", _DERIVED)
@pytest.mark.parametrize("channel", _CAN)
def test_what_is_said_to_work_is_what_the_channel_can(channel: str, feature: str) -> None:
    assert rows()[feature][channel].startswith("works") == _DERIVED[feature](_CAN[channel])


@pytest.mark.parametrize("channel", _CAN)
def test_the_longest_text_is_the_one_that_we_send(channel: str) -> None:
    can = _CAN[channel]
    assert rows()[_LONGEST][channel] == f"{can.max_text} {_UNITS[can.unit]}"


def test_each_cell_says_works_falls_back_or_impossible_and_the_last_two_say_more() -> None:
    for feature, cells in rows().items():
        for channel, said in cells.items():
            if feature not in _DESCRIBED:
                assert said.startswith(_KINDS), (feature, channel)
                assert said not in ("falls back", "impossible"), (feature, channel)


def test_every_link_of_the_pages_leads_somewhere() -> None:
    for page in PAGES.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (PAGES / link).exists(), (page.name, link)

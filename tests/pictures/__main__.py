"""`./dev shots channels`: a picture of each channel's journey for docs/channels, made anew."""

import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.chromium import CHROMIUM, chromium
from tests.browser.demo_process import ROOT
from tests.peers.kept import NoPeer
from tests.peers.telegram_world import seed_shop
from tests.pictures import matrix, telegram, web, wechat
from tests.pictures.transcript import Page, draw

FOLDER = ROOT / "docs" / "img" / "channels"
_COLOURS = 128  # of flat surfaces and letters: a third of the bytes


def main() -> int:
    if not CHROMIUM.exists():
        sys.stderr.write(f"{CHROMIUM}?\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as thrown_away:
        folder = Path(thrown_away)
        seeded = folder / "seeded.db"
        seed_shop(seeded)
        drawn = _acted(seeded, folder)
        with chromium() as browser:
            for name, (messenger, language, pages) in drawn.items():
                _save(name, _drawn(browser, pages, messenger, language))
            _save("web", web.a_gift(browser, _new(folder, "web")))
        return _matrix(seeded, _new(folder, "matrix"))


def _acted(seeded: Path, folder: Path) -> dict[str, tuple[str, str, list[Page]]]:
    """The journeys through the stand-ins: whose, in which language, and what was seen of them."""
    crew = telegram.a_group_buy(seeded, _new(folder, "group"))
    gift = telegram.a_gift(seeded, _new(folder, "gift"))
    account = wechat.an_official_account(_new(folder, "account"))
    desk = wechat.a_desk(_new(folder, "desk"))
    return {
        "telegram": ("Telegram", "en", crew),
        "telegram-gift": ("Telegram", "en", gift),
        "wechat": ("WeChat", "zh-Hans", account),
        "wecom": ("WeCom", "zh-Hans", desk),
    }


def _matrix(seeded: Path, folder: Path) -> int:
    """Needs more than the others; without it the old pictures stay."""
    try:
        pictures = matrix.a_group_buy(seeded, folder)
    except NoPeer as reason:
        sys.stderr.write(f"Matrix: {reason}\n")
        return 1
    for name, picture in pictures.items():
        _save(name, picture)
    return 0


def _new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _drawn(browser: Browser, pages: Sequence[Page], messenger: str, language: str) -> Image.Image:
    return Image.open(BytesIO(draw(browser, pages, messenger=messenger, language=language)))


def _save(name: str, picture: Image.Image) -> None:
    file = FOLDER / f"{name}.png"
    few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    sys.stdout.write(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    sys.exit(main())

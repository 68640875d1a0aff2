"""Turns the SVG pictures into small PNGs, with Chromium; only what changed is drawn again.

Each PNG carries the fingerprint of the SVG it was drawn from, so that a check needs no browser.
PNG, because some messengers take neither SVG nor WebP.
"""

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIDE = 512
# Flat drawings: 64 colours keep every edge smooth and a picture near 10 KB.
_COLOURS = 64
_FINGERPRINT = "Source"
# Without the doctype a browser takes the classes m and M for the same.
_PAGE = "<!doctype html><style>body{margin:0}svg{display:block}</style>"
_BROWSER = os.environ.get("TUANZI_CHROMIUM", "/usr/bin/chromium")


def fingerprint(svg: str) -> str:
    """What the PNG remembers of its source."""
    return hashlib.sha256(svg.encode()).hexdigest()


def remembered(picture: Path) -> str | None:
    """The fingerprint inside a PNG, or None where there is no such picture."""
    if not picture.exists():
        return None
    with Image.open(picture) as image:
        found = image.info.get(_FINGERPRINT)
    return str(found) if found else None


def stale(folder: Path, drawings: Mapping[str, str]) -> list[str]:
    """Names of the pictures that no longer show what their source says."""
    return [name for name, svg in drawings.items() if remembered(folder / name) != fingerprint(svg)]


def draw(folder: Path, drawings: Mapping[str, str]) -> None:
    """Renders each drawing into `folder`."""
    # Only whoever changes a picture needs a browser, so it is asked for as late as this.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_BROWSER)
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        for name, svg in drawings.items():
            page.set_content(_PAGE + svg)
            (folder / name).write_bytes(_compact(page.screenshot(), fingerprint(svg)))
        browser.close()


def _compact(png: bytes, source: str) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        small = image.convert("RGB").quantize(
            _COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    note = PngInfo()
    note.add_text(_FINGERPRINT, source)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True, pnginfo=note)
    return out.getvalue()

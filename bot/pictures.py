"""Product pictures as files of ours, by name: the shop's uploads, and in the demo its seeds.

A feed's own picture address is never loaded; only plain names of picture kinds are files (T55).
"""

from collections.abc import Callable
from pathlib import Path

from bot.settings import VAR, Settings

KINDS = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
_SEEDS = Path(__file__).parents[1] / "data" / "seeds" / "images"
_PATH = "/media/"


def find_picture(name: str, settings: Settings) -> Path | None:
    """No folders in the name, no SVG, nothing executable."""
    if Path(name).suffix not in KINDS or Path(name).name != name:
        return None
    folders = [VAR / "media", *([_SEEDS] if settings.demo else [])]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def pictures_of(settings: Settings) -> Callable[[str], Path | None]:
    """From an address on our own site to the file behind it."""
    ours = settings.public_url + _PATH

    def find(url: str) -> Path | None:
        return find_picture(url.removeprefix(ours), settings) if url.startswith(ours) else None

    return find

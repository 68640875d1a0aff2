"""Product pictures by file name: from the shop's uploads, in the demo also from its seeds.

A feed's own picture address is never loaded by a customer's browser; only files of ours are.
"""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from bot.app import Tuanzi
from bot.demo.seeding import SEEDS
from bot.settings import VAR
from data.kernel.errors import NotFound

_KINDS = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
_A_DAY = "public, max-age=86400"

router = APIRouter(prefix="/media", include_in_schema=False)


@router.get("/{name}")
def picture(name: str, request: Request) -> FileResponse:
    """Only a plain file name of a picture kind (T55): no folders, no SVG, nothing executable."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    kind = _KINDS.get(Path(name).suffix)
    if kind is None or Path(name).name != name:
        raise NotFound("picture")
    folders = [VAR / "media", *([SEEDS / "images"] if tuanzi.settings.demo else [])]
    for folder in folders:
        file = folder / name
        if file.is_file():
            return FileResponse(file, media_type=kind, headers={"Cache-Control": _A_DAY})
    raise NotFound("picture")

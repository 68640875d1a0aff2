"""Product pictures by file name, for the browsers of customers and colleagues."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from bot.app import Tuanzi
from bot.pictures import KINDS, find_picture
from data.kernel.errors import NotFound

_A_DAY = "public, max-age=86400"

router = APIRouter(prefix="/media", include_in_schema=False)


@router.get("/{name}")
def picture(name: str, request: Request) -> FileResponse:
    """A picture of ours, or 404 (T55)."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    file = find_picture(name, tuanzi.settings)
    if file is None:
        raise NotFound("picture")
    kind = KINDS[file.suffix]
    return FileResponse(file, media_type=kind, headers={"Cache-Control": _A_DAY})

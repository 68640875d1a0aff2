"""The console's pages: templates in, HTML out; forms that were wrong come back as they were."""

from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from bot.console.desk import Desk
from bot.web.templates import Pages
from data.kernel.locales import Locale

ROOT = "/console"
_UNPROCESSABLE = 422
_SEE_OTHER = 303
_Model = TypeVar("_Model", bound=BaseModel)


class FormProblems(Exception):
    """`fields` that make no sense, to be marked in the form."""

    def __init__(self, fields: set[str]) -> None:
        super().__init__(*sorted(fields))
        self.fields = fields


@cache
def _pages() -> Pages:
    return Pages(Path(__file__).parent / "templates")


def page(name: str, desk: Desk, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page for a colleague, in their language."""
    html = _pages().render(name, locale=desk.locale, desk=desk, **values)
    return HTMLResponse(html, status_code=status)


def open_page(name: str, locale: Locale, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page for somebody who has not signed in."""
    html = _pages().render(name, locale=locale, desk=None, **values)
    return HTMLResponse(html, status_code=status)


def wrong(name: str, desk: Desk, **values: object) -> HTMLResponse:
    """The form again, with what was typed and what is wrong with it."""
    return page(name, desk, status=_UNPROCESSABLE, **values)


def go(path: str, *, done: str = "") -> RedirectResponse:
    """After a change, a look: reloading must not do it twice. `done` names what to say."""
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"{ROOT}{path}{query}", status_code=_SEE_OTHER)


def read_form(model: type[_Model], form: FormData) -> _Model:
    """The fields, typed; FormProblems names those that are wrong. Empty ones count as absent."""
    given = {name: value for name, value in form.items() if value != ""}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise FormProblems({str(problem["loc"][0]) for problem in error.errors()}) from error


def typed(form: FormData) -> dict[str, str]:
    """What was typed, to fill the form again."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def preferred(request: Request) -> Locale:
    """The language of somebody we do not know yet: asked for, else what their browser prefers."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return Locale.closest(wanted.split(",")[0].split(";")[0].strip())

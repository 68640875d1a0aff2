"""A chat drawn from what a stand-in received, where the messenger's own app cannot be had.

It looks like nobody's app, and says on its face what it is.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from playwright.sync_api import Browser

_STYLE = Path(__file__).with_name("transcript.css")
_FACE = "Drawn from what the stand-in of {} received in a test; not the messenger's own app."
_COLUMN, _GAP, _EDGE = 430, 28, 24


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that stands in a chat. Without `who` it is what happened, told in the middle."""

    markup: str
    who: str = ""
    mine: bool = False
    picture: bytes | None = None
    buttons: tuple[tuple[str, ...], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One chat as one person sees it, in so many columns."""

    title: str
    shown: list[Shown] = field(default_factory=list)
    columns: int = 1


def plain(text: str) -> str:
    return escape(text, quote=False)


def draw(browser: Browser, pages: Sequence[Page], *, messenger: str, language: str) -> bytes:
    columns = sum(page.columns for page in pages)
    width = columns * _COLUMN + (columns - 1) * _GAP + 2 * _EDGE
    tab = browser.new_page(viewport={"width": width, "height": 600})
    face = f"<footer>{plain(_FACE.format(messenger))}</footer>"
    chats = "".join(_chat(page) for page in pages)
    style = _STYLE.read_text(encoding="utf-8")
    tab.set_content(
        f'<html lang="{language}"><style>{style}</style><main>{chats}</main>{face}</html>'
    )
    picture = tab.screenshot(full_page=True, animations="disabled")
    tab.close()
    return picture


def _chat(page: Page) -> str:
    before = ["", *(one.who for one in page.shown)]
    lines = "".join(map(_line, page.shown, before))
    width = page.columns * _COLUMN + (page.columns - 1) * _GAP
    return (
        f'<section style="width:{width}px"><h1>{plain(page.title)}</h1>'
        f'<div class="log" style="columns:{page.columns}">{lines}</div></section>'
    )


def _line(one: Shown, before: str) -> str:
    """Who speaks is said where another one spoke before."""
    if not one.who:
        return f"<p class=happened>{one.markup}</p>"
    picture = f'<img src="data:;base64,{b64encode(one.picture).decode()}">' if one.picture else ""
    rows = "".join(f"<div class=row>{''.join(map(_button, row))}</div>" for row in one.buttons)
    note = f"<small>{plain(one.note)}</small>" if one.note else ""
    who = f"<b class=who>{plain(one.who)}</b>" if one.who != before else ""
    return (
        f'<article class="{"mine" if one.mine else "theirs"}">{who}'
        f"<div class=said>{picture}<p>{one.markup}</p>{note}</div>{rows}</article>"
    )


def _button(label: str) -> str:
    return f"<span>{plain(label)}</span>"

"""What a channel can show, and what is shown there: capabilities in, drafts out of the renderer.

Capabilities are data, so that nobody ever asks which messenger this is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Lengths in UTF-16 units of what goes over the wire, markup included."""

    max_text: int
    max_caption: int
    buttons: int
    buttons_in_row: int
    label: int
    token_bytes: int
    images: bool = True
    url_buttons: bool = True


@dataclass(frozen=True, slots=True)
class Button:
    """Gives back its token when it is pressed, or opens a page."""

    label: str
    token: str = ""
    url: str | None = None


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One message as the channel will show it; `html` is escaped, bold is its only markup."""

    html: str = ""
    image: str | None = None
    keyboard: Keyboard = ()


def utf16(text: str) -> int:
    """How long Telegram counts a text: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

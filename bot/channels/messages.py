"""What a channel can show, and what is shown there: capabilities in, drafts out of the renderer.

Capabilities are data, so that nobody ever asks which messenger this is.
"""

from dataclasses import dataclass
from enum import StrEnum
from html import escape

from data.delivery.messages import PaymentLink

_BOLD = "<b>{}</b>"


class Unit(StrEnum):
    """What a messenger counts when it says how long a text may be."""

    CHARACTERS = "characters"
    UTF16 = "utf16"
    BYTES = "bytes"

    def length(self, text: str) -> int:
        if self is Unit.CHARACTERS:
            return len(text)
        if self is Unit.UTF16:
            return utf16(text)
        return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Of one messenger in one kind of chat. Lengths are counted in `unit`, of what goes over the
    wire: with `markup`, as escaped HTML. Without `buttons` options are lines with their numbers.

    `start_link`: the address that opens a private chat with us and tells the token in place of
    `{}`; `group_link`: one that brings us into a group; empty where no link does that.
    `app_link`: the page of an order (`{}`) as it opens inside the messenger, which says who came.
    `edits`: a message may change after it was sent.
    `invoices`: what is to be paid may be paid below its message, without a page.
    `rewards_inviting`: its rules allow a reward for who brings others; unless an adapter says so,
    they do not.
    """

    max_text: int
    unit: Unit = Unit.UTF16
    markup: bool = True
    max_caption: int = 0
    buttons: int = 0
    buttons_in_row: int = 1
    label: int = 40
    token_bytes: int = 0
    images: bool = True
    url_buttons: bool = False
    edits: bool = True
    invoices: bool = False
    rewards_inviting: bool = False
    start_link: str = ""
    group_link: str = ""
    app_link: str = ""

    def measure(self, text: str) -> int:
        return self.unit.length(escape(text, quote=False) if self.markup else text)

    @property
    def room(self) -> int:
        """For words, whatever of them is bold."""
        return self.max_text - (len(_BOLD.format("")) if self.markup else 0)


@dataclass(frozen=True, slots=True)
class Button:
    """Gives back its token when it is pressed, or opens a page; an `app` opens in the messenger."""

    label: str
    token: str = ""
    url: str | None = None
    app: bool = False


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One message as the channel will show it; its first `bold` characters are a heading. `about`:
    the product it shows. An `invoice` is a message of its own, with a button of the messenger's."""

    text: str = ""
    bold: int = 0
    image: str | None = None
    keyboard: Keyboard = ()
    about: str | None = None
    invoice: PaymentLink | None = None

    @property
    def html(self) -> str:
        """Escaped; bold is its only markup."""
        heading = escape(self.text[: self.bold], quote=False)
        rest = escape(self.text[self.bold :], quote=False)
        return (_BOLD.format(heading) if heading else "") + rest


def utf16(text: str) -> int:
    """How long Telegram counts a text: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

"""Segments ▸ what customer service shows: texts of 2048 bytes, and one menu below the last of them.

Messages are counted there, five for one of theirs. Choices that stand in several places of a
message would take a menu each: they are lines with numbers instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.messages import Button, Capabilities, Unit
from bot.channels.render import all_buttons, render
from bot.channels.splitting import split
from bot.channels.wechat_parts import Part as Plain
from bot.channels.wechat_parts import Words, append, plain
from data.delivery.messages import Segment

# Vendor's page of kf/send_msg: a text 2048 bytes, a menu's head 1024, ten entries, an entry's name
# and words 128, the words of one that opens a page 1024. Pictures would have to be uploaded first.
# Whom we talk to is in WeChat, and so are its rules: see wechat_parts.py.
CAPABILITIES = Capabilities(
    max_text=2048,
    unit=Unit.BYTES,
    markup=False,
    buttons=10,
    token_bytes=128,
    images=False,
    url_buttons=True,
    edits=False,
    rewards_inviting=False,
)
_LONGEST_HEAD, _LONGEST_LABEL = 1024, 128  # bytes


@dataclass(frozen=True, slots=True)
class Menu:
    """Entries that are pressed, and come back as a text with their token."""

    head: str
    buttons: tuple[Button, ...]

    def as_message(self) -> dict[str, Any]:
        entries = [_entry(button) for button in self.buttons]
        head = {"head_content": self.head} if self.head else {}
        return {"msgtype": "msgmenu", "msgmenu": {**head, "list": entries}}


Part = Plain | Menu


def parts_of(segments: Iterable[Segment], can: Capabilities = CAPABILITIES) -> tuple[Part, ...]:
    segments = tuple(segments)
    drafts = render(segments, can)
    if any(draft.keyboard for draft in drafts[:-1]):
        drafts = render(segments, replace(can, buttons=0))
    words: list[Plain] = []
    for draft in drafts:
        for text in split(plain(draft.text), can.max_text, can.unit.length):
            append(words, Words(text))
    buttons = tuple(all_buttons(drafts[-1])) if drafts else ()
    return _with_menu(words, buttons) if buttons else tuple(words)


def _with_menu(words: list[Plain], buttons: tuple[Button, ...]) -> tuple[Part, ...]:
    """In one message with the words above it, where those are short."""
    last = words[-1] if words else None
    if isinstance(last, Words) and Unit.BYTES.length(last.text) <= _LONGEST_HEAD:
        return (*words[:-1], Menu(last.text, buttons))
    return (*words, Menu("", buttons))


def _entry(button: Button) -> dict[str, Any]:
    label = split(plain(button.label), _LONGEST_LABEL, Unit.BYTES.length)[0]
    if button.url is not None:
        return {"type": "view", "view": {"url": button.url, "content": label}}
    return {"type": "click", "click": {"id": button.token, "content": label}}

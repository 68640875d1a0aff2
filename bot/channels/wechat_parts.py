"""Segments ▸ what WeChat shows: texts of 2048 bytes, and one article for one card.

Messages are counted there, five for one of theirs: what fits into one is one. Several cards are a
list with numbers; a card alone has its picture.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.messages import Capabilities, Draft, Unit
from bot.channels.render import render
from bot.channels.splitting import split
from data.delivery.messages import Segment

_BETWEEN = "\n\n"
# Limits of text and description are the vendor's tables, unchecked with a live account [K].
# No reward for inviting: the platform's rules on outside links (in force 2019-10-28) and on induced
# sharing (2.1.2, enforced on 2026-02-04) forbid it, and block what breaks them.
CAPABILITIES = Capabilities(
    max_text=2048,
    unit=Unit.BYTES,
    markup=False,
    max_caption=512,
    edits=False,
    rewards_inviting=False,
)
_LONGEST_TITLE = 64  # characters
_LINK = re.compile(r"https?://[^\s\"<>]+")
_TAG = re.compile(r"<(?=[A-Za-z/!])")  # it shows <a href> as a link: only ours are links (T21)


@dataclass(frozen=True, slots=True)
class Words:
    text: str

    def in_reply(self) -> dict[str, object]:
        """As the answer to a call has it."""
        return {"MsgType": "text", "Content": self.text}

    def as_message(self) -> dict[str, Any]:
        """As a message of customer service has it."""
        return {"msgtype": "text", "text": {"content": self.text}}


@dataclass(frozen=True, slots=True)
class Article:
    """A title, a few lines, a picture, and a page that opens."""

    title: str
    description: str
    picture: str
    url: str = ""

    def in_reply(self) -> dict[str, object]:
        item = {"Title": self.title, "Description": self.description}
        item |= {"PicUrl": self.picture, "Url": self.url}
        return {"MsgType": "news", "ArticleCount": 1, "Articles": {"item": item}}

    def as_message(self) -> dict[str, Any]:
        article = {"title": self.title, "description": self.description}
        article |= {"picurl": self.picture, "url": self.url}
        return {"msgtype": "news", "news": {"articles": [article]}}


Part = Words | Article


def parts_of(segments: Iterable[Segment], *, pictures: bool = True) -> tuple[Part, ...]:
    """Without `pictures` everything is text, and as little of it as may be."""
    drafts = render(segments, replace(CAPABILITIES, images=pictures))
    pictured = [draft for draft in drafts if draft.image and draft.text]
    shown = pictured[0] if len(pictured) == 1 else None
    parts: list[Part] = []
    for draft in drafts:
        if draft is shown:
            parts.append(_article(draft))
        else:
            for text in split(plain(draft.text), CAPABILITIES.max_text, Unit.BYTES.length):
                append(parts, Words(text))
    return tuple(parts)


def together(parts: Sequence[Part]) -> tuple[Part, int]:
    """The first message of these, and how many of them it holds."""
    joined: list[Part] = [parts[0]]
    for count, part in enumerate(parts[1:], 1):
        append(joined, part)
        if len(joined) > 1:
            return joined[0], count
    return joined[0], len(parts)


def append(parts: list[Part], part: Part) -> None:
    """In the same message as the text before it, if there is room."""
    last = parts[-1] if parts else None
    if isinstance(last, Words) and isinstance(part, Words):
        longer = f"{last.text}{_BETWEEN}{part.text}"
        if Unit.BYTES.length(longer) <= CAPABILITIES.max_text:
            parts[-1] = Words(longer)
            return
    parts.append(part)


def _article(draft: Draft) -> Article:
    text = plain(draft.text)
    heading, _, rest = text.partition("\n")
    link = link_in(text)
    return Article(heading[:_LONGEST_TITLE], rest or heading, draft.image or "", link)


def link_in(text: str) -> str:
    """The first address in it, or nothing."""
    found = _LINK.search(text)
    return found.group() if found else ""


def plain(text: str) -> str:
    """Nothing that somebody wrote becomes a link."""
    return _TAG.sub("＜", text)

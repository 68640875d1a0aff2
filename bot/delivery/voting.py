"""Which messages of a group are cards that may be voted on, by what a messenger calls them."""

from bot.channels.adapter import Parcel
from bot.channels.messages import Capabilities
from bot.channels.render import render
from data.delivery.messages import Card, GroupBuyCard

Names = tuple[str, ...]
ShownAs = tuple[tuple[str, str], ...]  # a message's name, and the product it shows


def cards_among(names: Names, parcel: Parcel, can: Capabilities) -> ShownAs:
    """Of a group. A picture that was not there left its words, or nothing at all. What was only
    changed is known by its name already."""
    if parcel.kind != "group" or parcel.edit_of:
        return ()
    if not any(isinstance(part, Card | GroupBuyCard) for part in parcel.segments):
        return ()
    drafts = render(parcel.segments, can)
    if len(names) != len(drafts):
        drafts = tuple(draft for draft in drafts if draft.text)
    if len(names) != len(drafts):
        return ()
    pairs = zip(names, drafts, strict=True)
    return tuple((name, draft.about) for name, draft in pairs if draft.about)

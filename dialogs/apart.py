"""A sentence that is private is never said in a group: it goes to the person's own chat, or where
we may not write first, a link leads to it that only they can use, once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from data.conversations.models import DeepLink
from data.delivery.messages import OutboundMessage, segment_from_json, segment_to_json
from data.delivery.outbox import Letter
from dialogs.house import Stage

SAID = ":said"  # no flow can be called so: the link leads to sentences, worded already


def set_apart(stage: Stage, letters: Sequence[Letter]) -> tuple[list[Letter], list[Letter]]:
    """What may be said here, and what only this person may see."""
    if stage.chat.kind != "group":
        return list(letters), []
    private = [one for one in letters if one.message.private and one.chat_id == stage.chat.id]
    return [one for one in letters if one not in private], private


def in_chat(stage: Stage, letters: Sequence[Letter]) -> list[Letter]:
    """The same, said to this person alone."""
    chat_id, person_id = stage.chat.id, stage.person.id
    return [Letter(chat_id, _live_no_more(one.message), person_id) for one in letters]


def _live_no_more(message: OutboundMessage) -> OutboundMessage:
    return replace(message, coalesce_key=None, reply_to=None)


def to_keep(letters: Sequence[Letter]) -> dict[str, Any]:
    """For the link, as JSON."""
    kept = [
        {
            "segments": [segment_to_json(part) for part in one.message.segments],
            "response": one.message.response,
        }
        for one in letters
    ]
    return {SAID: kept}


def kept_in(link: DeepLink) -> list[OutboundMessage]:
    """What a link leads to; nothing where it leads to a flow."""
    kept = link.slots.get(SAID, ()) if link.flow == SAID else ()
    return [
        OutboundMessage(
            tuple(segment_from_json(part) for part in one["segments"]),
            response=one["response"],
            private=True,
        )
        for one in kept
    ]

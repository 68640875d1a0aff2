"""Whether a language model may have this person's words, or they might be asked for that: once, in
private, after something was not understood, by a message of its own with two buttons."""

from enum import Enum, auto

from sqlalchemy.orm import Session

from data.conversations.whereabouts import Whereabouts
from data.merchants.model_spend import uses_model
from data.people.model_consent import trusts_model
from dialogs.format import FlowSet

# What lets a person agree and take it back; without both in the shop's flows nobody is asked.
_FLOWS = ("allow_model", "stop_model")
QUESTION = "utter_ask_model"


class Trust(Enum):
    NONE = auto()
    NOT_ASKED = auto()
    GIVEN = auto()


def trust_in_model(session: Session, known: Whereabouts, live: FlowSet, receiver: str) -> Trust:
    """The shop first, then the person. A child agrees to nothing, and whoever writes for the first
    time is not greeted with a consent."""
    person = known.person
    if person is None or person.minor_since is not None or not uses_model(known.merchant):
        return Trust.NONE
    if any(flow not in live.flows for flow in _FLOWS):
        return Trust.NONE
    if trusts_model(session, person=person, receiver=receiver):
        return Trust.GIVEN
    private = known.chat is not None and known.chat.kind == "private"
    if not private or person.model_asked == receiver or QUESTION not in live.domain.responses:
        return Trust.NONE
    return Trust.NOT_ASKED

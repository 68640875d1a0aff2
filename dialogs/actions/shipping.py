"""Where it goes: asked once, written in one line or in pieces, changed until the order stands.

What was written is sealed at once: from here on the chat holds only a reference, or the sealed
parts of an address that is not complete yet (T14).
"""

from data.delivery.messages import Option, Options
from data.kernel.errors import NotFound
from data.orders import (
    Address,
    AddressParts,
    keep_address,
    kept_address,
    last_kept,
    parts_of,
    seal_parts,
    use_again,
)
from dialogs.actions.addresses import glimpse
from dialogs.actions.base import ShopAction
from dialogs.actions.one_address import TO_LEADER, leader_says
from dialogs.actions.seen import is_ordering
from dialogs.actions.turn import Turn
from dialogs.engine import from_json
from dialogs.understanding.addresses import read_address

_REFERENCE = "adr_"
ANEW = "anew"  # what ship_to holds between "wrong address" and the question


class AskShipTo(ShopAction):
    """The last address is one tap away; any other can be written. Of one that was begun, only what
    is missing is asked."""

    called = "action_ask_ship_to"

    def act(self, turn: Turn) -> None:
        parts = _so_far(turn)
        if parts != AddressParts():
            turn.say("utter_ask_ship_to_rest", missing=list(parts.missing))
            return
        reference = last_kept(turn.session, person=turn.person)
        if _is_moved(turn) and not is_ordering(turn):
            turn.say("utter_ask_ship_to_instead")
            return
        if reference is None:
            turn.say("utter_ask_ship_to")
            return
        address = kept_address(turn.session, person=turn.person, reference=reference)
        label = turn.words("utter_same_address_button", **glimpse(address))
        same = Option(label, f"/SetSlots(ship_to={reference})")
        turn.say("utter_ask_ship_to_again", Options((same,)))


def _is_moved(turn: Turn) -> bool:
    """It is of something that has an address already."""
    return bool(turn.slots.get("order_to_send") or turn.slots.get("split_to_send"))


class ValidateShipTo(ShopAction):
    called = "validate_ship_to"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("ship_to") or "")
        if said == ANEW:
            turn.set("ship_to", None)
        elif said == TO_LEADER and leader_says(turn):
            turn.set("ship_to", TO_LEADER)
        elif said.startswith(_REFERENCE):
            _check_reference(turn, said)
        else:
            _take(turn, said)


def _check_reference(turn: Turn, reference: str) -> None:
    try:
        use_again(turn.session, person=turn.person, reference=reference, now=turn.now)
    except NotFound:
        turn.set("ship_to", None)


def _take(turn: Turn, said: str) -> None:
    """Complete it is kept; else what is known of it waits, sealed, for the rest."""
    known = _before(turn) or _so_far(turn)
    now = read_address(said, wanted=known.missing or ("name", "phone", "line"))
    parts = now.over(known)
    turn.set("ship_to", None)
    if not parts.missing:
        address = Address(name=parts.name, phone=parts.phone, line=parts.line)
        kept = keep_address(turn.session, person=turn.person, address=address, now=turn.now)
        turn.set("ship_to", kept)
        turn.set("ship_to_parts", None)
    elif now != AddressParts():
        turn.set("ship_to_parts", seal_parts(turn.session, person=turn.person, parts=parts))
    elif known == AddressParts():
        turn.say("utter_ship_to_incomplete")


def _so_far(turn: Turn) -> AddressParts:
    sealed = turn.slots.get("ship_to_parts")
    return parts_of(turn.session, person=turn.person, sealed=sealed)


def _before(turn: Turn) -> AddressParts | None:
    """A street that is written at the summary replaces the street: who it is for stays."""
    snapshot = turn.conversation.snapshot
    reference = str(from_json(snapshot).slots.get("ship_to") or "") if snapshot else ""
    if not reference.startswith(_REFERENCE):
        return None
    old = kept_address(turn.session, person=turn.person, reference=reference)
    return AddressParts(old.name, old.phone, old.line)


ACTIONS = (AskShipTo, ValidateShipTo)

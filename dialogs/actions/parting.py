"""Unlinking one messenger: which one, what it means in words, and the deed."""

from data.delivery.messages import Option, Options
from data.personal.parting import Identity, identities_of, part
from dialogs.actions.base import ShopAction
from dialogs.actions.linking import channel_words
from dialogs.actions.turn import Turn

_WHICH = "unlink_which"


class FindIdentity(ShopAction):
    """The one that was named, or the only one there is beside this chat; else it is asked."""

    called = "action_find_identity"

    def act(self, turn: Turn) -> None:
        mine, named = _mine(turn), turn.slots.get("unlink_channel")
        fitting = [one for one in mine if named in (None, one.channel)]
        turn.set(_WHICH, None)
        turn.set("unlink_found", len(mine) > 1 and bool(fitting))
        if len(mine) <= 1:
            turn.say("utter_nothing_to_unlink")
        elif not fitting:
            turn.say("utter_unlink_unknown", channel=channel_words(turn, str(named)))
        elif named is not None and len(fitting) == 1:
            turn.set(_WHICH, str(fitting[0].id))


class AskUnlinkWhich(ShopAction):
    called = "action_ask_unlink_which"

    def act(self, turn: Turn) -> None:
        options = tuple(
            Option(_label(turn, one), f'/SetSlots(unlink_which="{one.id}")') for one in _mine(turn)
        )
        turn.say("utter_ask_unlink_which", Options(options))


class AskConfirmUnlink(ShopAction):
    called = "action_ask_confirm_unlink"

    def act(self, turn: Turn) -> None:
        chosen = _chosen(turn)
        channel = _label(turn, chosen) if chosen else turn.words("utter_channel_other")
        turn.say("utter_ask_confirm_unlink", channel=channel)


class Unlink(ShopAction):
    called = "action_unlink"

    def act(self, turn: Turn) -> None:
        chosen = _chosen(turn)
        label = _label(turn, chosen) if chosen else ""
        if chosen and part(turn.session, person=turn.person, identity=chosen, now=turn.now):
            turn.say("utter_unlinked", channel=label)
        else:
            turn.say("utter_unlink_gone")


def _mine(turn: Turn) -> list[Identity]:
    return identities_of(turn.session, person_id=turn.person.id)


def _chosen(turn: Turn) -> Identity | None:
    said = str(turn.slots.get(_WHICH) or "")
    return next((one for one in _mine(turn) if str(one.id) == said), None)


def _label(turn: Turn, one: Identity) -> str:
    """Two on the same messenger are counted; the chat we are in says so."""
    channel = channel_words(turn, one.channel)
    alike = [other.id for other in _mine(turn) if other.channel == one.channel]
    if one.chat_id == turn.chat.id:
        return turn.words("utter_unlink_here_button", channel=channel)
    if len(alike) > 1:
        number = str(alike.index(one.id) + 1)
        return turn.words("utter_unlink_counted_button", channel=channel, number=number)
    return turn.words("utter_unlink_button", channel=channel)


ACTIONS = (FindIdentity, AskUnlinkWhich, AskConfirmUnlink, Unlink)

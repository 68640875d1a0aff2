"""Yes and no to a language model reading what we do not understand (T32)."""

from data.merchants.model_spend import uses_model
from data.people import Asked, ConsentPurpose, revoke_consent
from data.people.model_consent import ask_once, trust_model
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

_RECEIVER = "model_receiver"


class AllowModel(ShopAction):
    """The receiver is the one that stood in the question: the button carries it."""

    called = "action_allow_model"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        receiver = str(turn.slots[_RECEIVER])
        asked = Asked("", turn.locale, turn.account.channel, message_id=turn.call)
        trust_model(turn.session, person=turn.person, receiver=receiver, asked=asked, now=turn.now)
        turn.say("utter_model_allowed", model_receiver=receiver)


class StopModel(ShopAction):
    """A no, or a yes taken back: from the next message on."""

    called = "action_stop_model"

    def act(self, turn: Turn) -> None:
        revoke_consent(turn.session, person=turn.person, purpose=ConsentPurpose.MODEL, now=turn.now)
        turn.say("utter_model_stopped")


class AskModel(ShopAction):
    """Whoever said no, or was never asked, may do it now: about whom it would be today."""

    called = "action_ask_model"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        receiver = turn.model_receiver if uses_model(turn.merchant) else ""
        if turn.in_group:
            turn.go_on_privately("ask_model")
        elif not receiver:
            turn.say("utter_no_model_here")
        else:
            ask_once(turn.session, person=turn.person, receiver=receiver)
            turn.say("utter_ask_model", model_receiver=receiver)


ACTIONS = (AllowModel, StopModel, AskModel)

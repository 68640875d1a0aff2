"""Yes and no to being written to first, and what follows when a child speaks (T51, T54)."""

from data.occasions import (
    occasions_of,
    protect_minor,
)
from data.orders import OrderState, orders_of
from data.payments import cancel_order
from data.people import Asked, ConsentPurpose, grant_consent, opt_out
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.day_changes import remember_again
from dialogs.actions.turn import Turn
from dialogs.engine import from_json
from dialogs.engine.commands import Restart

# Which wording they agreed to: count up when utter_reminds_* or utter_messages_started change
# in what they promise.
_TEXT_VERSION = "reminders-1"


def agree(turn: Turn, purpose: ConsentPurpose) -> None:
    """They asked for it in this message; the row is the proof."""
    asked = Asked(
        text_version=_TEXT_VERSION,
        locale=turn.locale,
        channel=turn.account.channel,
        message_id=turn.call,
    )
    grant_consent(turn.session, person=turn.person, purpose=purpose, asked=asked, now=turn.now)


class StopMessages(ShopAction):
    called = "action_stop_messages"

    def act(self, turn: Turn) -> None:
        opt_out(turn.session, person=turn.person, now=turn.now)
        turn.say("utter_messages_stopped")


class StartMessages(ShopAction):
    """Every kept day is planned anew: one that was let go in between may still be told of."""

    called = "action_start_messages"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        agree(turn, ConsentPurpose.REMINDERS)
        for kept in occasions_of(turn.session, person=turn.person):
            remember_again(turn, kept)
        turn.say("utter_messages_started")


class ProtectMinor(ShopAction):
    """Nothing is kept of a child: neither days, nor consents, nor what was being talked about."""

    called = "action_protect_minor"

    def act(self, turn: Turn) -> None:
        protect_minor(turn.session, person=turn.person, now=turn.now)
        _call_off_unpaid(turn)
        if turn.in_group:
            turn.go_on_privately("protect_minor")
        else:
            turn.say("utter_minor")
        if _was_busy(turn):
            turn.commands.append(Restart())


def _call_off_unpaid(turn: Turn) -> None:
    """A payment link that is still out must not sell anything; what is paid a person looks at."""
    theirs = orders_of(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
    for order in theirs:
        if order.state == OrderState.AWAITING_PAYMENT:
            cancel_order(turn.session, order_id=order.id, person_id=turn.person.id, now=turn.now)


def _was_busy(turn: Turn) -> bool:
    """Whether a flow was open before this message."""
    snapshot = turn.conversation.snapshot
    return bool(snapshot and from_json(snapshot).stack)


ACTIONS = (StopMessages, StartMessages, ProtectMinor)

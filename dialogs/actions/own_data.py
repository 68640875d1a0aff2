"""What we know of a person, and forgetting it: only they hear of it, alone (T53)."""

from data.delivery.messages import Option, Options
from data.kernel.errors import Refused
from data.personal.exporting import EXPORT_LIFE, offer_export
from data.personal.forgetting import forget_soon, let_go, still_open
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

_HOURS = int(EXPORT_LIFE.total_seconds()) // 3600


class ExportMe(ShopAction):
    called = "action_export_me"

    def act(self, turn: Turn) -> None:
        try:
            token = offer_export(turn.session, person=turn.person, now=turn.now)
        except Refused:
            turn.say("utter_export_again_tomorrow")
            return
        label = turn.words("utter_export_button")
        page = Option(label, url=f"{turn.public_url}/my-data/{token}")
        turn.say("utter_export_link", Options((page,)), hours=str(_HOURS))


class LookBeforeForgetting(ShopAction):
    """What is paid for is finished first; better said before the question than after it."""

    called = "action_look_before_forgetting"

    def act(self, turn: Turn) -> None:
        turn.set("may_forget", not _says_what_is_open(turn))


class ForgetMe(ShopAction):
    """What is not paid for ends now; the rest is done as soon as this turn is written down."""

    called = "action_forget_me"

    def act(self, turn: Turn) -> None:
        if _says_what_is_open(turn):
            return
        let_go(turn.session, person_id=turn.person.id, now=turn.now)
        turn.say("utter_forgotten")
        forget_soon(
            turn.session,
            person=turn.person,
            by=turn.person.id,
            said_in=turn.conversation.id,
            now=turn.now,
        )


def _says_what_is_open(turn: Turn) -> bool:
    found = still_open(turn.session, person_id=turn.person.id)
    if found.paid:
        turn.say("utter_forget_blocked", numbers=", ".join(found.paid))
    elif found.paying:
        turn.say("utter_forget_paying", numbers=", ".join(found.paying))
    return bool(found)


ACTIONS = (ExportMe, LookBeforeForgetting, ForgetMe)

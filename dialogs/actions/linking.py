"""One person in two messengers: a code from one, typed in the other, agreed to in both (T40)."""

from data.conversations import Conversation, Mode
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount
from data.people import Chat
from data.people.merged import known_as
from data.personal.linking import (
    LINK_LIFE,
    Answer,
    agree_to_link,
    join_people,
    link_asked_of,
    obstacle_of,
    offer_code,
    refuse_link,
    type_code,
)
from data.personal.models import LinkState, PersonLink
from data.personal.obstacles import Obstacle
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

_MINUTES = int(LINK_LIFE.total_seconds()) // 60
_NO = {
    Answer.UNKNOWN: "utter_link_unknown",
    Answer.OWN: "utter_link_own",
    Answer.TOO_MANY: "utter_link_too_many",
}
_TOLD: dict[str, str] = {
    "linked": "utter_linked",
    "refused": "utter_link_refused_there",
    "moved": "utter_moved_away",
    **{obstacle: f"utter_link_{obstacle}" for obstacle in Obstacle},
}


def channel_of(turn: Turn, conversation_id: str) -> str:
    """The messenger of another conversation of this shop, by its code."""
    conversation = turn.session.get_one(Conversation, conversation_id)
    chat = turn.session.get_one(Chat, conversation.chat_id)
    return turn.session.get_one(ChannelAccount, chat.account_id).channel


def channel_words(turn: Turn, channel: str) -> str:
    """As people call it."""
    response = f"utter_channel_{channel}"
    known = turn.knows(response)
    return turn.words(response if known else "utter_channel_other")


def can_listen(turn: Turn, conversation_id: str) -> bool:
    """Whether a question reaches that chat now: no person of the shop has it, no call is open."""
    there = turn.session.get_one(Conversation, conversation_id)
    return there.mode == Mode.BOT and "pending" not in there.snapshot


class OfferLink(ShopAction):
    called = "action_offer_link"

    def act(self, turn: Turn) -> None:
        code = offer_code(turn.session, conversation=turn.conversation, now=turn.now)
        turn.say("utter_link_code", code=code, minutes=str(_MINUTES))


class TypeLink(ShopAction):
    """A wrong code is counted, so this is no refusal: a refusal would undo the count."""

    called = "action_type_link"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("link_code") or "")
        turn.set("link_typed", None)
        typed = type_code(turn.session, conversation=turn.conversation, code=said, now=turn.now)
        if typed.link_id is None:
            turn.say(_NO[typed.answer])
            return
        obstacle = obstacle_of(turn.session, link_id=typed.link_id)
        if obstacle is None:
            turn.set("link_typed", typed.link_id)
        else:
            _refuse(turn, typed.link_id)
            turn.say(_TOLD[obstacle])


class AskConfirmLink(ShopAction):
    called = "action_ask_confirm_link"

    def act(self, turn: Turn) -> None:
        link = turn.session.get_one(PersonLink, str(turn.slots["link_typed"]))
        turn.say("utter_ask_confirm_link", channel=_words_of(turn, link.asked_in))


class AgreeToLink(ShopAction):
    """Here they said yes; now the chat of the code is asked."""

    called = "action_agree_to_link"

    def act(self, turn: Turn) -> None:
        link_id = str(turn.slots["link_typed"])
        if not can_listen(turn, turn.session.get_one(PersonLink, link_id).asked_in):
            _refuse(turn, link_id)
            turn.say("utter_link_busy")
            return
        link = agree_to_link(
            turn.session, conversation=turn.conversation, link_id=link_id, now=turn.now
        )
        if link is None:
            turn.say("utter_link_too_late")
            return
        turn.say("utter_link_agreed", channel=_words_of(turn, link.asked_in))
        turn.tell_elsewhere(link.asked_in, flow="link_asked", link_asked=link.id)


class AskConfirmLinked(ShopAction):
    called = "action_ask_confirm_linked"

    def act(self, turn: Turn) -> None:
        link = _asked(turn)
        assert link.typed_by is not None and link.typed_in is not None  # noqa: S101, PT018
        turn.say(
            "utter_ask_confirm_linked",
            who=known_as(turn.session, link.typed_by).name or turn.words("utter_link_somebody"),
            channel=_words_of(turn, link.typed_in),
        )


class RefuseLink(ShopAction):
    called = "action_refuse_link"

    def act(self, turn: Turn) -> None:
        typed, asked = turn.slots.get("link_typed"), turn.slots.get("link_asked")
        _refuse(turn, str(asked or typed))
        turn.say("utter_link_refused")
        if asked:
            _tell(turn, _asked(turn), "refused")


class JoinPeople(ShopAction):
    called = "action_join_people"

    def act(self, turn: Turn) -> None:
        link = _asked(turn)
        stood = LinkState(link.state)
        obstacle = join_people(
            turn.session, conversation=turn.conversation, link_id=link.id, now=turn.now
        )
        told = "linked" if obstacle is None else obstacle
        assert link.typed_in is not None  # noqa: S101  # else they would not have been asked
        turn.say(_TOLD[told], channel=_words_of(turn, link.typed_in))
        if stood is LinkState.AGREED:
            _tell(turn, link, told)


class TellOfLink(ShopAction):
    called = "action_tell_of_link"

    def act(self, turn: Turn) -> None:
        channel = channel_words(turn, str(turn.slots.get("link_channel")))
        turn.say(_TOLD[str(turn.slots["link_told"])], channel=channel)


def _asked(turn: Turn) -> PersonLink:
    link = link_asked_of(
        turn.session, conversation=turn.conversation, link_id=str(turn.slots["link_asked"])
    )
    if link is None:
        raise NotFound("link")
    return link


def _refuse(turn: Turn, link_id: str) -> None:
    refuse_link(turn.session, conversation=turn.conversation, link_id=link_id)


def _tell(turn: Turn, link: PersonLink, told: str) -> None:
    """In the chat where the code was typed, if it can hear us just now."""
    assert link.typed_in is not None  # noqa: S101
    if can_listen(turn, link.typed_in):
        channel = turn.account.channel
        turn.tell_elsewhere(link.typed_in, flow="link_told", link_told=told, link_channel=channel)


def _words_of(turn: Turn, conversation_id: str) -> str:
    return channel_words(turn, channel_of(turn, conversation_id))


ACTIONS = (
    OfferLink,
    TypeLink,
    AskConfirmLink,
    AgreeToLink,
    AskConfirmLinked,
    RefuseLink,
    JoinPeople,
    TellOfLink,
)

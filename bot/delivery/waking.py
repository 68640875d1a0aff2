"""A `wake` job: an event from outside reaches the flow that waits for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.models import Job
from data.merchants import ChannelAccount, Merchant
from data.people import Chat, Person
from dialogs.engine import Happened
from dialogs.house import Cause, House, Stage
from dialogs.turn import wake


def wake_conversation(session: Session, house: House, job: Job, now: datetime) -> None:
    """`args`: conversation_id, event, key, payload, wait, number (data/conversations/waits.py)."""
    args = job.args
    happened = Happened(
        args["event"], args["key"], args["payload"], args["wait"], args.get("number", 0)
    )
    stage = stage_of(session, args["conversation_id"])
    wake(session, house, stage=stage, happened=happened, cause=Cause(f"job:{job.id}", now))


def stage_of(session: Session, conversation_id: str) -> Stage:
    """The rows of a conversation that exists."""
    conversation = session.get_one(Conversation, conversation_id)
    chat = session.get_one(Chat, conversation.chat_id)
    return Stage(
        session.get_one(Merchant, conversation.merchant_id),
        session.get_one(ChannelAccount, chat.account_id),
        chat,
        session.get_one(Person, conversation.person_id),
        conversation,
    )

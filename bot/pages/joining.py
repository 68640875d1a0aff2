"""A place in a team, taken on its page: the same act as in a chat, and it goes on in the chat."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.channels.registry import rewards_inviting
from data.conversations import LinkedFlow, make_link, resume
from data.delivery.jobs import NewJob, enqueue
from data.group_buys import Came, Seat, SeatState, Team, TeamState, join, live_seat, note_invited
from data.kernel.errors import NotForMinors, WrongState
from data.merchants import ChannelAccount
from data.people import Chat, Person
from dialogs.calling import BEGIN
from dialogs.private import private_chat

_CHECKOUT = "group_checkout"  # dialogs/flows/group_buy.yml: address and money, in private


def join_on_page(
    session: Session,
    *,
    team: Team,
    person: Person,
    account: ChannelAccount,
    link: str,
    now: datetime,
) -> Seat:
    """Takes the seat, notes whose link (its hash) it was, and where we may write to them in
    private, says there how it goes on."""
    if person.minor_since is not None:
        raise NotForMinors
    seat = join(session, team_id=team.id, person_id=person.id, now=now)
    came = Came(link, account.channel)
    note_invited(session, seat=seat, came=came, allows=rewards_inviting, now=now)
    chat = private_chat(session, account=account, person=person, now=now)
    if chat is not None and session.get_one(Team, team.id).state == TeamState.OPEN:
        _go_on_there(session, chat, person, seat, now)  # else they were just asked to pay, there
    return seat


def _go_on_there(session: Session, chat: Chat, person: Person, seat: Seat, now: datetime) -> None:
    """As a turn of that chat, in its order and after what it may be waiting for."""
    conversation = resume(
        session, merchant_id=seat.merchant_id, chat_id=chat.id, person_id=person.id, now=now
    )
    job = NewJob(
        lane=f"chat:{chat.id}",
        kind=BEGIN,
        key=f"{BEGIN}:{conversation.id}:{seat.id}",
        run_at=now,
        args={
            "conversation_id": conversation.id,
            "flow": _CHECKOUT,
            "slots": {"seat_taken": seat.id},
            "version": None,
        },
        merchant_id=seat.merchant_id,
    )
    enqueue(session, job, now=now)


def link_onward(session: Session, *, team: Team, person: Person, now: datetime) -> str:
    """A token by which this person, and nobody else, goes on in the chat (T09)."""
    seat = live_seat(session, team_id=team.id, person_id=person.id)
    if seat is None or seat.state != SeatState.HELD or seat.order_id is not None:
        raise WrongState("seat")
    onward = LinkedFlow(_CHECKOUT, {"seat_taken": seat.id})
    return make_link(
        session, merchant_id=team.merchant_id, person_id=person.id, onward=onward, now=now
    )

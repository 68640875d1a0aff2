"""What the question for an address holds where it is not this person who answers it."""

from data.group_buys import Seat, Team
from dialogs.actions.turn import Turn

TO_LEADER = "leader"  # in the slot ship_to: the leader of the team says where it goes


def leader_says(turn: Turn) -> bool:
    """Of the seat this chat is about."""
    seat = turn.session.get(Seat, str(turn.slots.get("seat") or ""))
    if seat is None or seat.person_id != turn.person.id:
        return False
    return turn.session.get_one(Team, seat.team_id).ship_to_one

"""In the person's own chat: the seat that is held is paid for. Address, sum, order, link."""

from data.catalogue import get_variant
from data.group_buys import (
    Seat,
    SeatState,
    Team,
    TeamView,
    leave,
    place_seat_order,
    team_view,
    unpaid_seats,
)
from data.orders import OrderDetails, kept_address, quote
from dialogs.actions.addresses import glimpse
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link, tell_tax
from dialogs.actions.products import variant_words
from dialogs.actions.turn import Turn
from dialogs.team_card import title_of


class PickSeat(ShopAction):
    """The seat just taken, or the latest without an order: several are paid one after the other.

    A seat taken while another is being paid for rewinds the flow to this step, which reads it.
    """

    called = "action_pick_seat"

    def act(self, turn: Turn) -> None:
        taken = turn.slots.get("seat_taken")
        turn.set("seat_taken", None)
        seat = max(_waiting(turn), key=lambda one: (one.id == taken, one.created_at), default=None)
        turn.set("seat", seat.id if seat else None)
        if seat is not None:
            view = team_view(turn.session, seat.team_id)
            title = _title(turn, view)
            left = seat.held_until - turn.now
            turn.say("utter_seat_held", title=title, price=view.price, left=left)


def _waiting(turn: Turn) -> list[Seat]:
    seats = unpaid_seats(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
    return [seat for seat in seats if seat.order_id is None and seat.held_until > turn.now]


class ShowSeat(ShopAction):
    """The sum in words, if the seat is still theirs."""

    called = "action_show_seat"

    def act(self, turn: Turn) -> None:
        seat = _held(turn)
        if seat is None:
            turn.set("seat", None)
            turn.say("utter_seat_gone")
            return
        view = team_view(turn.session, seat.team_id)
        variant = get_variant(
            turn.session, merchant_id=turn.merchant.id, variant_id=view.variant_id
        )
        address = kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])
        asked = quote(turn.merchant, view.price * seat.quantity)
        turn.say(
            "utter_seat_summary",
            title=f"{_title(turn, view)} {variant_words(variant, turn.locale)}".strip(),
            items=asked.items,
            shipping=asked.shipping,
            total=asked.total,
            left=view.deadline - turn.now,
            **glimpse(address),
        )
        tell_tax(turn, asked)


class PlaceSeatOrder(ShopAction):
    """The order at the team's price, and our own link to pay it by."""

    called = "action_place_seat_order"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        seat = _held(turn)
        turn.set("seat", None)
        if seat is None:
            turn.say("utter_seat_gone")
            return
        address = kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])
        details = OrderDetails(
            ship_to=address, chat_id=turn.chat.id, conversation_id=turn.conversation.id
        )
        order = place_seat_order(turn.session, seat_id=seat.id, details=details, now=turn.now)
        turn.set("order", order.id)  # a flow may wait for what becomes of either
        turn.set("group_buy", seat.team_id)
        until = turn.session.get_one(Seat, seat.id).held_until - turn.now
        give_payment_link(turn, order_id=order.id, number=order.number, until=until)


class GiveUpSeat(ShopAction):
    """Not now: the place goes to others at once; the note that it worked says so."""

    called = "action_give_up_seat"

    def act(self, turn: Turn) -> None:
        seat = _held(turn)
        turn.set("seat", None)
        if seat is not None:
            leave(turn.session, team_id=seat.team_id, person_id=turn.person.id, now=turn.now)


def _held(turn: Turn) -> Seat | None:
    """The seat this chat is about, as long as nothing has happened to it."""
    seat = turn.session.get(Seat, str(turn.slots.get("seat") or ""), populate_existing=True)
    if seat is None or seat.person_id != turn.person.id:
        return None
    team = turn.session.get_one(Team, seat.team_id)
    is_held = seat.state == SeatState.HELD and seat.order_id is None
    return seat if is_held and team.expires_at > turn.now else None


def _title(turn: Turn, view: TeamView) -> str:
    return title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)


ACTIONS = (PickSeat, ShowSeat, PlaceSeatOrder, GiveUpSeat)

"""In the person's own chat: the seat that is held is paid for. Address, sum, order, link."""

from data.catalogue import get_variant
from data.group_buys import (
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
    TeamView,
    asks_for_address,
    give_team_address,
    is_pledge,
    leave,
    place_seat_order,
    reward_of,
    takes_money,
    team_view,
    unpaid_seats,
)
from data.kernel.errors import NotFound, WrongState
from data.orders import Address, OrderDetails, kept_address, quote
from dialogs.actions.addresses import glimpse
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link, tell_tax
from dialogs.actions.one_address import TO_LEADER
from dialogs.actions.products import variant_words
from dialogs.actions.turn import Turn
from dialogs.engine.commands import CancelFlow
from dialogs.notices.seats import asks_to_pay
from dialogs.notices.unheard import heard_otherwise
from dialogs.team_card import Wording, ladder_lines, title_of

_DUE = "utter_seat_due"


class PickSeat(ShopAction):
    """The seat just taken, or the latest without an order: several are paid one after the other.

    A seat taken while another is being paid for rewinds the flow to this step, which reads it.
    """

    called = "action_pick_seat"

    def act(self, turn: Turn) -> None:
        taken, paying = turn.slots.get("seat_taken"), turn.slots.get("seat")
        turn.set("seat_taken", None)
        due = seats_to_pay(turn)
        if _tell_pledge(turn, str(taken)):
            due = [one for one in due if one.id == paying]  # what they were at goes on
        seat = max(due, key=lambda one: (one.id == taken, one.created_at), default=None)
        turn.set("seat", seat.id if seat else None)
        if seat is not None:
            view = team_view(turn.session, seat.team_id)
            _tell_held(turn, seat, view)
            _tell_terms(turn, seat, view)
        elif taken:
            _tell_paid(turn, str(taken))


def _tell_paid(turn: Turn, taken: str) -> None:
    """A button of a while ago: where nothing is left to pay that is said."""
    seat = turn.session.get(Seat, taken)
    if seat is None or seat.person_id != turn.person.id:
        return
    if seat.state in (SeatState.PAID, SeatState.FULFILLED):
        turn.say("utter_already_in", name=turn.person.name)


def _tell_held(turn: Turn, seat: Seat, view: TeamView) -> None:
    response = "utter_seat_held" if seat.quantity == 1 else "utter_seat_held_units"
    if view.state == TeamState.PAYING and turn.knows(_DUE):
        response = _DUE  # it is full, so nothing is said of what would be if it were not
        heard_otherwise(turn.session, person_id=turn.person.id, key=asks_to_pay(seat.id))
    turn.say(
        response,
        title=_title(turn, view),
        units=str(seat.quantity),
        price=view.price,
        left=seat.held_until - turn.now,
    )


def tell_held(turn: Turn) -> bool:
    """Seats of theirs that wait for an address and money; False: none does."""
    due = seats_to_pay(turn)
    for seat in due:
        _tell_held(turn, seat, team_view(turn.session, seat.team_id))
    return bool(due)


def _tell_pledge(turn: Turn, taken: str) -> bool:
    """Was the seat just taken in a team that pays when it is full? Then there is nothing to pay
    yet, and they are told so."""
    mine = unpaid_seats(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
    seat = next((one for one in mine if one.id == taken and _is_pledged(turn, one)), None)
    if seat is None:
        return False
    view = team_view(turn.session, seat.team_id)
    title, left = _title(turn, view), view.deadline - turn.now
    turn.say("utter_seat_pledged", title=title, price=view.price, left=left)
    _tell_terms(turn, seat, view)
    return True


def _is_pledged(turn: Turn, seat: Seat) -> bool:
    return is_pledge(turn.session.get_one(Team, seat.team_id))


def _tell_terms(turn: Turn, seat: Seat, view: TeamView) -> None:
    """What is particular: what comes back and when money is taken, the leader's reward, and one
    address for all."""
    wording = Wording(turn.domain, turn.locale)
    tiers = ladder_lines(wording, view.tiers)
    mode = f"utter_seat_mode_{view.mode}"
    if tiers and view.mode != PayMode.JOIN_FIRST:  # then there is no price to pay at first
        ladder = "utter_seat_ladder_hold" if view.mode == PayMode.HOLD else "utter_seat_ladder"
        turn.say(ladder, price=view.price, tiers="\n".join(tiers))
    elif wording.knows(mode):
        turn.say(mode)
    _tell_of_leader(turn, seat, view)


def _tell_of_leader(turn: Turn, seat: Seat, view: TeamView) -> None:
    leads = view.leader_id == seat.person_id
    team = turn.session.get_one(Team, seat.team_id)
    if not asks_for_address(team, seat.person_id):
        turn.set("ship_to", TO_LEADER)  # nothing is asked
    elif turn.slots.get("ship_to") == TO_LEADER:
        turn.set("ship_to", None)
    reward = reward_of(turn.session, view.id) if leads else None
    if reward is not None:
        turn.say("utter_leader_reward", amount=reward.amount)
    if view.ship_to_one:
        turn.say("utter_you_give_the_address" if leads else "utter_leader_gives_the_address")


def seats_to_pay(turn: Turn) -> list[Seat]:
    """Theirs that nothing is ordered for yet, in teams that take money now."""
    seats = unpaid_seats(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
    return [
        seat
        for seat in seats
        if seat.order_id is None and seat.held_until > turn.now and not _is_pledged(turn, seat)
    ]


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
        address = _address(turn, seat)
        asked = quote(turn.merchant, view.price * seat.quantity)
        units = f" × {seat.quantity}" if seat.quantity > 1 else ""
        words = " · ".join(filter(None, (_title(turn, view), variant_words(variant, turn.locale))))
        turn.say(
            _summary(turn, view, to_leader=address is None),
            title=f"{words}{units}",
            items=asked.items,
            shipping=asked.shipping,
            total=asked.total,
            left=view.deadline - turn.now,
            **(glimpse(address) if address else {}),
        )
        tell_tax(turn, asked)


def _summary(turn: Turn, view: TeamView, *, to_leader: bool) -> str:
    """Where everybody pays by now, nothing is left to fill."""
    response = "utter_seat_summary_to_leader" if to_leader else "utter_seat_summary"
    due = f"{response}_due"
    return due if view.state == TeamState.PAYING and turn.knows(due) else response


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
        details = OrderDetails(
            ship_to=_address(turn, seat), chat_id=turn.chat.id, conversation_id=turn.conversation.id
        )
        order = place_seat_order(turn.session, seat_id=seat.id, details=details, now=turn.now)
        turn.set("order", order.id)  # a flow may wait for what becomes of either
        turn.set("group_buy", seat.team_id)
        until = turn.session.get_one(Seat, seat.id).held_until - turn.now
        give_payment_link(turn, order_id=order.id, number=order.number, until=until)


class SetTeamAddress(ShopAction):
    """Where all of a team's parcels go, from who leads it now."""

    called = "action_set_team_address"

    def act(self, turn: Turn) -> None:
        address = kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])
        try:
            give_team_address(
                turn.session,
                team_id=str(turn.slots.get("address_team") or ""),
                person_id=turn.person.id,
                address=address,
                now=turn.now,
            )
        except (NotFound, WrongState):
            turn.say("utter_team_address_not_wanted")
        else:
            turn.say("utter_team_address_given", **glimpse(address))


class GiveUpSeat(ShopAction):
    """Not now: the place goes to others at once; the note that it worked says so."""

    called = "action_give_up_seat"

    def act(self, turn: Turn) -> None:
        seat = _held(turn)
        turn.set("seat", None)
        if seat is not None:
            leave(turn.session, team_id=seat.team_id, person_id=turn.person.id, now=turn.now)


class CheckSeat(ShopAction):
    """Whether there is still something to go on with; that it is gone was told when it went."""

    called = "action_check_seat"

    def act(self, turn: Turn) -> None:
        if _held(turn) is None:
            turn.set("seat", None)
            turn.commands.append(CancelFlow())


def _held(turn: Turn) -> Seat | None:
    """The seat this chat is about, as long as nothing has happened to it."""
    seat = turn.session.get(Seat, str(turn.slots.get("seat") or ""), populate_existing=True)
    if seat is None or seat.person_id != turn.person.id:
        return None
    team = turn.session.get_one(Team, seat.team_id)
    is_held = seat.state == SeatState.HELD and seat.order_id is None
    return seat if is_held and takes_money(team, turn.now) else None


def _address(turn: Turn, seat: Seat) -> Address | None:
    """Theirs; None where the leader of the team says where it goes, or will: who came to lead
    meanwhile is asked by itself."""
    team = turn.session.get_one(Team, seat.team_id)
    if turn.slots["ship_to"] == TO_LEADER and team.ship_to_one:
        return None
    return kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])


def _title(turn: Turn, view: TeamView) -> str:
    return title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)


ACTIONS = (PickSeat, ShowSeat, PlaceSeatOrder, SetTeamAddress, GiveUpSeat, CheckSeat)

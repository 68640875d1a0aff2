"""What the fate of an order that a group fills together says by itself: the card counts, its
organiser hears how it ends, and whoever put something in learns in private what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.delivery.messages import Options
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.orders import Order
from data.payments import PriceLowered
from data.people import Person
from data.split_orders import (
    PartLost,
    PartPaid,
    SplitCancelled,
    SplitChanged,
    SplitEnd,
    SplitFact,
    SplitFailed,
    SplitOpened,
    SplitOrdered,
    SplitPart,
    SplitView,
    part_behind,
    payers,
    split_view,
)
from dialogs.notices.clocks import wind
from dialogs.notices.herald import Herald, Notice, Tell, where_known
from dialogs.split_card import RESPONSE, SAID, split_card
from dialogs.team_card import Wording

NOUN = "split"
_UNPAID = {SplitEnd.LEFT: "utter_part_left", SplitEnd.LAPSED: "utter_part_lapsed"}
_BACK = {SplitEnd.LATE: "utter_part_late", SplitEnd.RETURNED: "utter_part_out"}


def _opened(herald: Herald, fact: Fact) -> None:
    _changed(herald, fact)
    assert isinstance(fact, SplitFact)  # noqa: S101  # wired by type below
    view = _view(herald, fact)
    wind(herald, NOUN, view.id, ends_at=view.deadline)


def _changed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, SplitFact)  # noqa: S101
    _show(herald, _view(herald, fact), type(fact).__name__)


def show_anew(herald: Herald, split_id: str, what: str) -> datetime | None:
    """The card as it is now; until when it runs, if it does."""
    view = split_view(herald.session, split_id, now=herald.now)
    if not view.is_open or not herald.knows(RESPONSE):
        return None
    _show(herald, view, what)
    return view.deadline


def _show(herald: Herald, view: SplitView, what: str) -> None:
    if view.chat_id is None:
        return
    card = split_card(Wording(herald.domain, view.locale), view, now=herald.now)
    herald.show(view.chat_id, card, key=f"split:{view.id}:{view.version}:{what}")


def _ordered(herald: Herald, fact: Fact) -> None:
    """The card; everybody who paid, and where it comes to its organiser."""
    _changed(herald, fact)
    assert isinstance(fact, SplitFact)  # noqa: S101
    view = _view(herald, fact)
    _tell(herald, view, view.organiser_id, "utter_split_ordered", people=str(view.people))
    for person_id in payers(herald.session, split_id=view.id):
        if person_id != view.organiser_id:
            _tell(herald, view, person_id, "utter_part_ordered")


def _ended(herald: Herald, fact: Fact) -> None:
    """Parts are let go one by one, and each tells its own person; the organiser hears why."""
    _changed(herald, fact)
    assert isinstance(fact, SplitFact)  # noqa: S101
    view = _view(herald, fact)
    said, told = _said(herald, view)
    _tell(herald, view, view.organiser_id, f"utter_split_over_{said or view.why}", **told)


def _paid(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PartPaid)  # noqa: S101
    person = herald.session.get_one(Person, fact.person_id)
    leave = f"/Act(action_leave_split, split={fact.split_id})"
    button = herald.option("utter_split_leave_button", leave, Locale(person.locale))
    _tell_part(herald, fact, fact.part_id, "utter_part_paid", Options((button,)))


def _lost(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PartLost)  # noqa: S101
    if fact.was_paid:
        response = _BACK.get(fact.cause, "utter_part_back")
    else:
        response = _UNPAID.get(fact.cause, "utter_part_off")
    said, told = _said(herald, _view(herald, fact))
    if said and fact.cause == SplitEnd.CALLED_OFF:
        response = f"{response}_{said}"
    _tell_part(herald, fact, fact.part_id, response, **told)


def _said(herald: Herald, view: SplitView) -> tuple[str, dict[str, str]]:
    """Why the shop called it off, where the words to say so are there: flows that it published
    before have none."""
    if view.said is None or not herald.knows(SAID):
        return "", {}
    return "said", {"said": view.said}


def tell_lowered(herald: Herald, fact: Fact) -> None:
    """More shared the delivery than they were told: what each gets back. Other orders' prices come
    down too: those are told elsewhere."""
    assert isinstance(fact, PriceLowered)  # noqa: S101
    part = part_behind(herald.session, fact.order_id)
    if part is None or not herald.knows(RESPONSE):
        return
    order = herald.session.get_one(Order, fact.order_id)
    view = split_view(herald.session, part.split_id, now=herald.now)
    about = {"share": order.shipping, "less": fact.less, "number": order.number}
    _tell(herald, view, part.person_id, "utter_part_delivery", about=part.id, **about)


def _tell_part(
    herald: Herald,
    fact: SplitFact,
    part_id: str,
    response: str,
    *more: Options,
    **values: Any,
) -> None:
    part = herald.session.get_one(SplitPart, part_id)
    order = herald.session.get_one(Order, part.order_id)
    about = {"number": order.number, "total": order.total, **values}
    view = _view(herald, fact)
    _tell(herald, view, part.person_id, response, *more, about=part.id, **about)


def _tell(  # to whom, about what, which words, once: each has a name
    herald: Herald,
    view: SplitView,
    person_id: str,
    response: str,
    *more: Options,
    about: str = "",
    **values: Any,
) -> None:
    key = f"{response}:{view.id}:{person_id}:{about}"
    told = {"minimum": view.minimum, **values}
    herald.tell_person(person_id, Notice(key, response, told, more))


def _view(herald: Herald, fact: SplitFact) -> SplitView:
    return split_view(herald.session, fact.split_id, now=herald.now)


_TOLD: Mapping[type[Fact], Tell] = {
    SplitOpened: _opened,
    SplitChanged: _changed,
    SplitOrdered: _ordered,
    SplitFailed: _ended,
    SplitCancelled: _ended,
    PartPaid: _paid,
    PartLost: _lost,
}
TOLD = {fact: where_known(RESPONSE, tell) for fact, tell in _TOLD.items()}

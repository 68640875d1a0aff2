"""What a pool's fate says by itself: the card counts, its organiser is asked for what is missing,
and each giver learns in private what became of their share. Who it is for hears nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.catalogue import text_in
from data.delivery.messages import Option, Options
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.people import Person
from data.pools import (
    Contribution,
    ContributionLost,
    ContributionPaid,
    Pool,
    PoolAddressMissing,
    PoolCancelled,
    PoolChanged,
    PoolEnd,
    PoolFact,
    PoolFailed,
    PoolFunded,
    PoolOpened,
    PoolOrdered,
    PoolRestDue,
    PoolView,
    contributors,
    pool_view,
)
from dialogs.notices.clocks import wind
from dialogs.notices.herald import Herald, Notice, Tell, where_known
from dialogs.pool_card import RESPONSE, pool_card
from dialogs.team_card import Wording

NOUN = "pool"
_BY_THEMSELVES = (PoolEnd.LEFT, PoolEnd.LAPSED)
_RETURNED = "utter_share_returned"
_WHERE, _WHERE_KEPT = "utter_pool_where", "utter_pool_where_kept"


def _opened(herald: Herald, fact: Fact) -> None:
    _changed(herald, fact)
    assert isinstance(fact, PoolFact)  # noqa: S101  # wired by type below
    view = _view(herald, fact)
    wind(herald, NOUN, view.id, ends_at=view.deadline)


def _changed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PoolFact)  # noqa: S101
    _show(herald, _view(herald, fact), type(fact).__name__)


def show_anew(herald: Herald, pool_id: str, what: str) -> datetime | None:
    """The card as it is now; until when it runs, if it does."""
    view = pool_view(herald.session, pool_id, now=herald.now)
    if not view.is_open or not herald.knows(RESPONSE):
        return None
    _show(herald, view, what)
    return view.deadline


def _show(herald: Herald, view: PoolView, what: str) -> None:
    if view.chat_id is None:  # run by links and private chats alone
        return
    card = pool_card(Wording(herald.domain, view.locale), view, now=herald.now)
    herald.show(view.chat_id, card, key=f"pool:{view.id}:{view.version}:{what}")


def _funded(herald: Herald, fact: Fact) -> None:
    """Nobody gives any more: who asked for it says where it goes, unless they have. That something
    is missing they hear with the order that it is to be paid for."""
    _changed(herald, fact)
    assert isinstance(fact, PoolFact)  # noqa: S101
    pool = herald.session.get_one(Pool, fact.pool_id)
    is_kept = pool.paid < pool.target
    if pool.ship_to is None:
        says_so = is_kept and herald.knows(_WHERE_KEPT)
        _ask_where(herald, fact, _WHERE_KEPT if says_so else _WHERE)
    elif not is_kept:
        _tell_organiser(herald, fact, "utter_pool_funded")


def _address_missing(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PoolFact)  # noqa: S101
    _ask_where(herald, fact, "utter_pool_where_again")


def _ask_where(herald: Herald, fact: PoolFact, response: str) -> None:
    locale = _organiser_locale(herald, fact)
    say = f"/StartFlow(pool_address, pool={fact.pool_id})"
    button = herald.option("utter_pool_where_button", say, locale)
    _tell_organiser(herald, fact, response, button)


def _rest_due(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PoolFact)  # noqa: S101
    pool = herald.session.get_one(Pool, fact.pool_id)
    pay = f"/Act(action_pay_again, pressed_order={pool.order_id})"
    button = herald.option("utter_pool_rest_button", pay, _organiser_locale(herald, fact))
    _tell_organiser(herald, fact, "utter_pool_rest", button)


def _ordered(herald: Herald, fact: Fact) -> None:
    """The card, and everybody who gave, once each, in private."""
    _changed(herald, fact)
    assert isinstance(fact, PoolFact)  # noqa: S101
    view = _view(herald, fact)
    people = dict.fromkeys([view.organiser_id, *contributors(herald.session, pool_id=view.id)])
    for person_id in people:
        _tell(herald, view, person_id, "utter_pool_ordered_note", key=f"ordered:{person_id}")


def _ended(herald: Herald, fact: Fact) -> None:
    """Shares are let go one by one, and each tells its own person; the organiser hears why."""
    _changed(herald, fact)
    assert isinstance(fact, PoolFact)  # noqa: S101
    view = _view(herald, fact)
    _tell_organiser(herald, fact, f"utter_pool_over_{view.why}")


def _paid(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, ContributionPaid)  # noqa: S101
    _tell_giver(herald, fact, fact.contribution_id, "utter_share_paid")


def _lost(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, ContributionLost)  # noqa: S101
    if fact.was_paid:
        by_itself = fact.cause in (*_BY_THEMSELVES, PoolEnd.LATE) and herald.knows(_RETURNED)
        response = _RETURNED if by_itself else "utter_share_back"
    elif fact.cause in _BY_THEMSELVES:
        response = f"utter_share_{fact.cause}"
    else:
        response = "utter_share_off"
    _tell_giver(herald, fact, fact.contribution_id, response)


def _tell_giver(herald: Herald, fact: PoolFact, contribution_id: str, response: str) -> None:
    given = herald.session.get_one(Contribution, contribution_id)
    values = {"amount": given.amount}
    key = f"{response}:{given.id}"
    _tell(herald, _view(herald, fact), given.person_id, response, key=key, **values)


def _tell_organiser(herald: Herald, fact: PoolFact, response: str, *buttons: Option) -> None:
    view = _view(herald, fact)
    more = (Options(buttons),) if buttons else ()
    _tell(herald, view, view.organiser_id, response, *more, key=response)


def _tell(  # to whom, about what, which words, once: each has a name
    herald: Herald,
    view: PoolView,
    person_id: str,
    response: str,
    *more: Options,
    key: str,
    **values: Any,
) -> None:
    person = herald.session.get_one(Person, person_id)
    about = {
        "title": text_in(view.title, Locale(person.locale)),
        "for_name": view.for_name,
        "rest": view.target - view.raised,
        **values,
    }
    herald.tell_person(person.id, Notice(f"pool:{view.id}:{key}", response, about, more))


def _view(herald: Herald, fact: PoolFact) -> PoolView:
    return pool_view(herald.session, fact.pool_id, now=herald.now)


def _organiser_locale(herald: Herald, fact: PoolFact) -> Locale:
    organiser_id = herald.session.get_one(Pool, fact.pool_id).organiser_id
    return Locale(herald.session.get_one(Person, organiser_id).locale)


_TOLD: Mapping[type[Fact], Tell] = {
    PoolOpened: _opened,
    PoolChanged: _changed,
    PoolFunded: _funded,
    PoolAddressMissing: _address_missing,
    PoolRestDue: _rest_due,
    PoolOrdered: _ordered,
    PoolFailed: _ended,
    PoolCancelled: _ended,
    ContributionPaid: _paid,
    ContributionLost: _lost,
}
TOLD = {fact: where_known(RESPONSE, tell) for fact, tell in _TOLD.items()}

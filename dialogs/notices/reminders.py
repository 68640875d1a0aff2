"""A kept day is near: whose it is, when, and what would suit, in private and ready to be bought.

The reminder has been counted and cleared before we hear of it (data/occasions/reminders.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from data.delivery.messages import (
    Card,
    Option,
    Options,
    OutboundMessage,
    Purpose,
    Reminder,
    Segment,
    Text,
)
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.occasions import OccasionKind, ReminderDue, gifts_given
from data.people import Person
from data.recommendations import Age, Idea, Wish, suggest_gifts
from dialogs.actions.products import product_card
from dialogs.day_words import lunar_name, what_day
from dialogs.notices.herald import Herald, Tell

_RESPONSE = "utter_reminder"
_IDEAS = 3
_WHEN = {0: "utter_reminder_today", 1: "utter_reminder_tomorrow"}
_TURNS = {
    OccasionKind.BIRTHDAY: "utter_turns_birthday",
    OccasionKind.ANNIVERSARY: "utter_turns_anniversary",
}


@dataclass(frozen=True, slots=True)
class _Told:
    """The one who is reminded, and how we speak to them."""

    herald: Herald
    fact: ReminderDue
    person: Person

    @property
    def locale(self) -> Locale:
        return Locale(self.person.locale)

    @property
    def public_url(self) -> str:
        return self.herald.public_url

    @property
    def occasion(self) -> str:
        """As wishes name it: a festival by its own name."""
        return self.fact.subject if self.fact.kind == OccasionKind.FESTIVAL else self.fact.kind

    def words(self, response: str, **values: object) -> str:
        return self.herald.words(response, self.locale, **values)

    def option(self, response: str, payload: str) -> Option:
        return Option(self.words(response), payload)


def _due(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, ReminderDue)  # noqa: S101  # wired by type below
    told = _Told(herald, fact, herald.session.get_one(Person, fact.person_id))
    cards = [_card(told, idea) for idea in _ideas(told)]
    buttons = Options((_find_button(told), _stop_button(told)))
    # Cards come first, so that "the first one" is the first idea.
    more: list[Segment] = [*cards, Text(told.words("utter_reminder_more"))] if cards else []
    message = OutboundMessage(
        (_reminder(told, ideas=bool(cards)), *more, buttons),
        purpose=Purpose.REMINDER,
        response=_RESPONSE,
    )
    this_time = f"{fact.year}:{fact.on.isoformat()}"
    herald.show(fact.chat_id, message, key=f"reminder:{fact.occasion_id}:{this_time}")
    herald.tell_flows(
        "reminder_due",
        fact.occasion_id,
        once=this_time,
        on=fact.on.isoformat(),
        days_left=fact.days_left,
        recipient=fact.relation,
        occasion=told.occasion,
    )


def _reminder(told: _Told, *, ideas: bool) -> Reminder:
    fact = told.fact
    what = what_day(told.words, kind=fact.kind, relation=fact.relation, subject=fact.subject)
    line = told.words(
        _WHEN.get(fact.days_left, "utter_reminder_in_days"),
        days=str(fact.days_left),
        on=fact.on,
        lunar=_in_lunar(told),
        what=what,
        turns=_turns(told),
    )
    text = told.words(_RESPONSE, day=line) if ideas else line
    return Reminder(fact.occasion_id, fact.on.isoformat(), text)


def _in_lunar(told: _Told) -> str:
    """The day's own name, where it is kept by the moon."""
    if not told.fact.lunar:
        return ""
    return told.words("utter_reminder_lunar", day=lunar_name(told.fact.on, told.locale))


def _turns(told: _Told) -> str:
    response = _TURNS.get(OccasionKind(told.fact.kind))
    if told.fact.turns is None or response is None:
        return ""
    return told.words(response, years=str(told.fact.turns))


def _ideas(told: _Told) -> list[Idea]:
    """What would suit, and was not given before."""
    fact = told.fact
    known_age = fact.turns is not None and fact.kind == OccasionKind.BIRTHDAY
    return suggest_gifts(
        told.herald.session,
        merchant_id=fact.merchant_id,
        wish=Wish(
            recipient=fact.relation or None,
            occasion=told.occasion,
            age=Age(fact.turns, fact.turns) if known_age and fact.turns is not None else None,
        ),
        given_before=gifts_given(told.herald.session, person=told.person, relation=fact.relation),
        limit=_IDEAS,
        now=told.herald.now,
    )


def _card(told: _Told, idea: Idea) -> Card:
    reasons = [told.words(f"utter_{one.code}", **one.values) for one in idea.reasons]
    payload = f"/StartFlow(buy_idea, gift_choice={idea.product.id}, {_for_whom(told)})"
    pick = told.option("utter_pick_button", payload)
    return product_card(told, idea.product, price=idea.price, reasons=reasons, options=(pick,))


def _for_whom(told: _Told) -> str:
    """Slots of a gift for this day: next year's ideas leave out what is bought now."""
    recipient = f"recipient={told.fact.relation}, " if told.fact.relation else ""
    return f"{recipient}occasion={told.occasion}, occasion_id={told.fact.occasion_id}"


def _find_button(told: _Told) -> Option:
    return told.option("utter_find_gift_button", f"/StartFlow(gift_finder, {_for_whom(told)})")


def _stop_button(told: _Told) -> Option:
    return told.option(
        "utter_stop_day_button", f"/StartFlow(stop_day, forget={told.fact.occasion_id})"
    )


TOLD: Mapping[type[Fact], Tell] = {ReminderDue: _due}

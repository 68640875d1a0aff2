"""The days a person has us remember: said back, listed, forgotten. Only theirs, ever (T52)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from data.delivery.messages import Option, Options
from data.merchants import Merchant
from data.occasions import (
    AnnualDate,
    CalendarRules,
    Occasion,
    due_reminder,
    forget_occasion,
    next_on,
    occasions_of,
    subject_of,
)
from data.people.quiet_hours import local_day, zone_of
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from dialogs.actions.whose import is_relation, relations_in
from dialogs.day_words import annual_day, days_away, missing_day, what_day
from dialogs.understanding.fixed_words import heard
from dialogs.understanding.message import read_message

_AT_ONCE = 10  # a screenful; our decision
_NONE = "none"
_WHOSE = ("occasion_person", "occasion_name")


@dataclass(frozen=True, slots=True)
class KeptDay:
    occasion: Occasion
    on: date


def today_of(turn: Turn) -> date:
    return local_day(turn.now, zone_of(turn.person.timezone))


def rules_of(merchant: Merchant) -> CalendarRules:
    return CalendarRules.of(merchant.settings.get("calendar", {}))


def what_of(turn: Turn, occasion: Occasion) -> str:
    return what_day(
        turn.words,
        kind=occasion.kind,
        relation=occasion.relation,
        subject=subject_of(turn.session, occasion),
    )


def say_kept(turn: Turn, occasion: Occasion, *, response: str, back_on: bool = False) -> None:
    """Back in words, in both calendars where it is a lunar day, with what happens next."""
    on = _next_on(turn, occasion)
    notes = missing_day(turn.words, occasion.when, rules_of(turn.merchant))
    if back_on:
        notes.append(turn.words("utter_messages_on_again"))
    turn.say(
        response,
        Options((_list_button(turn), _forget_button(turn, occasion))),
        what=what_of(turn, occasion),
        day=annual_day(occasion.when, turn.locale),
        on=on,
        away=days_away(turn.words, (on - today_of(turn)).days),
        more="\n".join([_reminds(turn, occasion), *notes]),
    )


def _reminds(turn: Turn, occasion: Occasion) -> str:
    """When we shall speak, as it stands in the books."""
    reminder = due_reminder(turn.session, occasion=occasion)
    if reminder is None:
        return ""
    local = reminder.due_at.astimezone(zone_of(occasion.timezone))
    lead = (reminder.falls_on - local.date()).days
    response = "utter_reminds_before" if lead == occasion.lead_days else "utter_reminds_on"
    return turn.words(
        response,
        lead=timedelta(days=occasion.lead_days),
        on=local.date(),
        at=f"{local:%H:%M}",
    )


def next_of(turn: Turn, when: AnnualDate) -> date:
    yesterday = today_of(turn) - timedelta(days=1)
    return next_on(when, after=yesterday, rules=rules_of(turn.merchant))


def _next_on(turn: Turn, occasion: Occasion) -> date:
    return next_of(turn, occasion.when)


def _list_button(turn: Turn) -> Option:
    return turn.option("utter_my_days_button", "/StartFlow(my_days)")


def _forget_button(turn: Turn, occasion: Occasion) -> Option:
    payload = f"/StartFlow(forget_day, forget={occasion.id})"
    return turn.option("utter_forget_button", payload, what=what_of(turn, occasion))


def _kept(turn: Turn) -> list[KeptDay]:
    """The nearest first, as the list shows them."""
    theirs = occasions_of(turn.session, person=turn.person)
    days = [KeptDay(one, _next_on(turn, one)) for one in theirs]
    return sorted(days, key=lambda day: (day.on, day.occasion.created_at, day.occasion.id))


def _meant(turn: Turn) -> list[KeptDay]:
    """Those of the person that was named; all, where nobody was."""
    person, name = (turn.slots.get(slot) for slot in _WHOSE)
    days = _kept(turn)
    if person and not is_relation(person):
        person, name = None, person
    return [day for day in days if _is_of(turn, day.occasion, person, name)]


def days_meant(turn: Turn) -> list[Occasion]:
    return [day.occasion for day in _meant(turn)]


def _is_of(turn: Turn, occasion: Occasion, relation: str | None, name: str | None) -> bool:
    if relation not in (None, occasion.relation):
        return False
    return name is None or _is_called(subject_of(turn.session, occasion), name)


def _is_called(subject: str, name: str) -> bool:
    """Xiao Li by her whole name, or Li."""
    full, said = subject.casefold(), name.casefold()
    return said == full or said in full.split()


class ListDays(ShopAction):
    called = "action_list_days"

    def act(self, turn: Turn) -> None:
        if turn.in_group:
            _go_on_alone(turn, "my_days")
            return
        days = _meant(turn)
        if not days:
            say_none(turn)
        elif len(days) == 1 and turn.slots.get("occasion_person"):
            button = _forget_button(turn, days[0].occasion)
            turn.say("utter_day_is", Options((button,)), **_told(turn, days[0]))
        else:
            _say_list(turn, days)


def _say_list(turn: Turn, days: Sequence[KeptDay]) -> None:
    shown = days[:_AT_ONCE]
    lines = [_line(turn, number, day) for number, day in enumerate(shown, 1)]
    if len(days) > len(shown):
        lines.append(turn.words("utter_more_days", more=str(len(days) - len(shown))))
    buttons = tuple(_forget_button(turn, day.occasion) for day in shown)
    turn.say("utter_days", Options(buttons), lines="\n".join(lines))


def _line(turn: Turn, number: int, day: KeptDay) -> str:
    return turn.words("utter_day_line", number=str(number), **_told(turn, day))


def _told(turn: Turn, day: KeptDay) -> dict[str, Any]:
    return {
        "what": what_of(turn, day.occasion),
        "day": annual_day(day.occasion.when, turn.locale),
        "on": day.on,
        "away": days_away(turn.words, (day.on - today_of(turn)).days),
    }


def say_none(turn: Turn) -> None:
    """Whether another person keeps that day is told to nobody."""
    named = any(turn.slots.get(slot) for slot in _WHOSE)
    add = turn.option("utter_add_day_button", "/StartFlow(remember_day)")
    turn.say("utter_no_such_day_kept" if named else "utter_no_days", Options((add,)))


def _go_on_alone(turn: Turn, flow: str) -> None:
    """Whose days somebody keeps is not for the group."""
    said = {name: turn.slots.get(name) for name in ("occasion_person", "forget")}
    turn.go_on_privately(flow, **{name: value for name, value in said.items() if value})
    turn.set("occasion_step", "over")


class FindDay(ShopAction):
    """The one that was meant, if there is only one; else it is asked."""

    called = "action_find_day"

    def act(self, turn: Turn) -> None:
        if turn.in_group:
            _go_on_alone(turn, "forget_day")
            return
        days = _meant(turn)
        if not days:
            say_none(turn)
            turn.set("occasion_step", "over")
        elif len(days) == 1 and turn.slots.get("forget") is None:
            turn.set("forget", days[0].occasion.id)


class AskForget(ShopAction):
    called = "action_ask_forget"

    def act(self, turn: Turn) -> None:
        options = [
            Option(what_of(turn, day.occasion), f"/SetSlots(forget={day.occasion.id})")
            for day in _meant(turn)[:_AT_ONCE]
        ]
        none = turn.option("utter_forget_none_button", f"/SetSlots(forget={_NONE})")
        turn.say("utter_ask_forget", Options((*options, none)))


class ValidateForget(ShopAction):
    """Its button, its place in the list, or words for it: in the end it is one day of theirs."""

    called = "validate_forget"

    def act(self, turn: Turn) -> None:
        said = turn.slots.get("forget")
        found = _found(turn, said)
        turn.set("forget", found.id if found else _NONE if _is_no(said) else None)


def _is_no(said: object) -> bool:
    """ "No" to "which one?" is: none of them."""
    return said == _NONE or heard(read_message(str(said)), ("no",)) is not None


def _found(turn: Turn, said: object) -> Occasion | None:
    days = _kept(turn)
    if isinstance(said, int | float):
        place = int(said) - 1 if said > 0 else int(said)
        return days[place].occasion if -len(days) <= place < len(days) else None
    by_id = next((day.occasion for day in days if day.occasion.id == said), None)
    named = [day.occasion for day in days if by_id is None and _names(turn, str(said), day)]
    return named[0] if len(named) == 1 else by_id


def _names(turn: Turn, text: str, day: KeptDay) -> bool:
    name = subject_of(turn.session, day.occasion)
    if name and name.casefold() in text.casefold():
        return True
    return not name and day.occasion.relation in relations_in(turn, text)


class AskConfirmForget(ShopAction):
    called = "action_ask_confirm_forget"

    def act(self, turn: Turn) -> None:
        found = _found(turn, turn.slots.get("forget"))
        if found is not None:
            day = annual_day(found.when, turn.locale)
            turn.say("utter_ask_confirm_forget", what=what_of(turn, found), day=day)


class ForgetDay(ShopAction):
    """Pressing twice forgets once."""

    called = "action_forget_day"

    def act(self, turn: Turn) -> None:
        found = _found(turn, turn.slots.get("forget"))
        if found is None:
            turn.say("utter_day_already_gone")
            return
        what = what_of(turn, found)
        forget_occasion(turn.session, person=turn.person, occasion_id=found.id)
        turn.say("utter_day_forgotten", what=what)


ACTIONS: Sequence[type[ShopAction]] = (
    ListDays,
    FindDay,
    AskForget,
    ValidateForget,
    AskConfirmForget,
    ForgetDay,
)

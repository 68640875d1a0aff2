"""A kept day is not overwritten unasked: both days are said, and the change is confirmed.

What is said right after a day was kept is about that day: another date, another lead, a gift."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from data.delivery.messages import Options
from data.kernel.errors import NotFound
from data.occasions import (
    AnnualDate,
    CalendarKind,
    DayToKeep,
    Occasion,
    OccasionKind,
    occasion_of,
    occasions_of,
    save_occasion,
    subject_of,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.kept_days import days_meant, next_of, say_kept, say_none, what_of
from dialogs.actions.said_days import SaidDay
from dialogs.actions.turn import Turn
from dialogs.day_words import annual_day, lunar_name
from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.understanding.afterwards import is_fresh
from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract
from dialogs.wording import month_day

_WHILE = timedelta(minutes=30)  # our decision: as long as one talk
LONGEST_LEAD = 90  # days; data.occasions refuses more


def note_saved(turn: Turn, occasion: Occasion) -> None:
    turn.set("day_saved", {"id": occasion.id, "until": (turn.now + _WHILE).isoformat()})


def just_saved(turn: Turn) -> Occasion | None:
    """The day kept a moment ago, if it is still kept."""
    saved = turn.slots.get("day_saved")
    if not isinstance(saved, dict) or not is_fresh(saved, now=turn.now):
        return None
    try:
        return occasion_of(turn.session, person=turn.person, occasion_id=saved["id"])
    except NotFound:
        return None


def same_day(turn: Turn, *, kind: OccasionKind, relation: str, subject: str) -> Occasion | None:
    """The day that this one would take the place of."""
    kept = occasions_of(turn.session, person=turn.person)
    same = (one for one in kept if (one.kind, one.relation) == (kind, relation))
    return next(
        (one for one in same if subject_of(turn.session, one).casefold() == subject.casefold()),
        None,
    )


def differ(one: AnnualDate, other: AnnualDate | None) -> bool:
    """Another day of the year; the year of birth may be told later."""
    return other is None or replace(one, year=None) != replace(other, year=None)


def is_sure(turn: Turn, old: Occasion) -> bool:
    """Taken back right after it was said, or answered already: the same friend."""
    saved = just_saved(turn)
    corrects = turn.slots.get("occasion_corrects") and saved is not None and saved.id == old.id
    told_apart = turn.slots.get("occasion_twice") and turn.slots.get("occasion_name") == ""
    return bool(corrects or told_apart)


def say_change(turn: Turn, old: Occasion, when: AnnualDate) -> None:
    """Both days in both calendars: a wrong reminder is worse than a question."""
    turn.say(
        "utter_ask_confirm_change",
        what=what_of(turn, old),
        old=annual_day(old.when, turn.locale),
        old_too=_in_the_other(turn, old.when),
        new=annual_day(when, turn.locale),
        new_too=_in_the_other(turn, when),
    )


def _in_the_other(turn: Turn, when: AnnualDate) -> str:
    on = next_of(turn, when)
    if when.calendar is CalendarKind.SOLAR:
        return lunar_name(on, turn.locale)
    return turn.words("utter_solar_too", on=on)


def remember_again(turn: Turn, occasion: Occasion, **changes: Any) -> Occasion:
    """The same day kept anew, but for what changes."""
    day = DayToKeep(
        kind=OccasionKind(occasion.kind),
        when=occasion.when,
        relation=occasion.relation,
        subject=subject_of(turn.session, occasion),
        lead_days=occasion.lead_days,
        timezone=occasion.timezone,
    )
    return save_occasion(
        turn.session, person=turn.person, day=replace(day, **changes), now=turn.now
    )


class ChangeLead(ShopAction):
    """ "Two weeks before, please": of the day just kept, or of the one that was named."""

    called = "action_change_lead"

    def act(self, turn: Turn) -> None:
        lead = int(turn.slots.get("lead_days") or 0)
        if turn.in_group:
            said = {name: turn.slots.get(name) for name in ("lead_days", "occasion_person")}
            turn.go_on_privately("change_lead", **{n: v for n, v in said.items() if v})
            return
        named = any(turn.slots.get(name) for name in ("occasion_person", "occasion_name"))
        saved = just_saved(turn)
        days = days_meant(turn) if named else [saved] if saved else []
        if not days and named:  # not kept yet: then it is told now
            turn.commands += _remember(turn, lead)
        elif not days:
            say_none(turn)
        elif lead > LONGEST_LEAD:
            turn.say("utter_lead_too_long", lead=timedelta(days=LONGEST_LEAD))
        for day in days if lead <= LONGEST_LEAD else []:
            say_kept(turn, remember_again(turn, day, lead_days=lead), response="utter_lead_changed")


def _remember(turn: Turn, lead: int) -> list[Command]:
    whose = ("occasion_person", "occasion_name")
    said = [SetSlot(name, turn.slots[name]) for name in whose if turn.slots.get(name)]
    return [StartFlow("remember_day"), SetSlot("lead_days", lead), *said]


class RecallDay(ShopAction):
    """ "What should I get?" right after a day was kept: a gift for that day."""

    called = "action_recall_day"

    def act(self, turn: Turn) -> None:
        day = just_saved(turn)
        if turn.slots.get("recipient") or turn.slots.get("occasion") or turn.in_group:
            return
        if day is None or not day.relation or day.relation == "self":
            return
        turn.set("recipient", day.relation)
        turn.set("occasion_id", day.id)
        if day.kind in (OccasionKind.BIRTHDAY, OccasionKind.ANNIVERSARY):
            turn.set("occasion", day.kind)
        turn.say("utter_gift_for_day", what=what_of(turn, day))


class AskWhichDay(ShopAction):
    """3 December or 12 March: English writes both as 12/3."""

    called = "action_ask_occasion_which"

    def act(self, turn: Turn) -> None:
        days = _either(turn)
        options = [
            turn.option(
                "utter_day_button",
                f'/SetSlots(occasion_which="{month}-{day}")',
                day=month_day(month, day, turn.locale),
            )
            for month, day in days
        ]
        one, other = (month_day(*day, turn.locale) for day in days)
        turn.say("utter_ask_occasion_which", Options(tuple(options)), one=one, other=other)


class ValidateWhichDay(ShopAction):
    """A press, or one of the two days in words."""

    called = "validate_occasion_which"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("occasion_which") or "")
        if not _either(turn):
            return
        meant = [day for day in _either(turn) if said == "{}-{}".format(*day)]
        meant = meant or [day for day in _either(turn) if day in _days_in(turn, said)]
        turn.set("occasion_which", said if len(meant) == 1 else None)
        if len(meant) == 1:
            month, day = meant[0]
            kept = {name: value for name, value in _said(turn).items() if name != "or"}
            turn.set("occasion_date", {**kept, "month": month, "day": day})


def is_torn(turn: Turn) -> bool:
    return bool(_either(turn))


def _days_in(turn: Turn, text: str) -> list[tuple[int, int]]:
    today = turn.now.date()
    dates = (one for one in extract(fold(text), Setting(today, turn.locale)) if one.kind == "date")
    return [(found.month, found.day) for one in dates if (found := _on(one.fields))]


def _on(fields: dict[str, Any]) -> date | None:
    return date.fromisoformat(fields["date"]) if fields.get("date") else None


def _said(turn: Turn) -> dict[str, Any]:
    said = turn.slots.get("occasion_date")
    return said if isinstance(said, dict) else {}


def _either(turn: Turn) -> list[tuple[int, int]]:
    """The two days that the numbers may mean; none where they mean one."""
    said = _said(turn)
    other, day = said.get("or"), SaidDay.of(said)
    if day is None or not other:
        return []
    return [(day.month, day.day), (other["month"], other["day"])]


ACTIONS: Sequence[type[ShopAction]] = (ChangeLead, RecallDay, AskWhichDay, ValidateWhichDay)

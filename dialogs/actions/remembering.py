"""A day is told once and kept: whose it is, and in which calendar it comes back.

What the sentence said is taken, what is missing is asked; in a group nothing is said of it.
"""

import re
from dataclasses import replace
from datetime import timedelta

from data.delivery.messages import Options
from data.occasions import (
    AnnualDate,
    CalendarKind,
    DayToKeep,
    Occasion,
    OccasionKind,
    next_on,
    occasions_of,
    save_occasion,
    subject_of,
)
from data.people import ConsentPurpose, note_member
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.consenting import agree
from dialogs.actions.day_changes import (
    LONGEST_LEAD,
    differ,
    is_sure,
    is_torn,
    just_saved,
    note_saved,
    same_day,
    say_change,
)
from dialogs.actions.kept_days import rules_of, say_kept, today_of
from dialogs.actions.said_days import UNCLEAR, SaidDay, SaidKind, festival_day, said_kind
from dialogs.actions.turn import Turn
from dialogs.actions.whose import is_relation, read_reply
from dialogs.day_words import annual_day, what_day
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon

_SAID = ("occasion_kind", "occasion_person", "occasion_date")
# Of these people have one; of friends and cousins they have several.
_ONLY_ONE = frozenset(
    (
        "mother", "father", "parents", "wife", "husband", "girlfriend", "boyfriend", "partner",
        "mother_in_law", "father_in_law", "grandparents", "self", "boss",
    )
)  # fmt: skip


class HearDay(ShopAction):
    """What was said of the day; a festival brings its own date."""

    called = "action_hear_day"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        if turn.slots.get("occasion_corrects"):
            _take_over(turn)
        bare = _is_bare(turn)
        turn.set("occasion_step", "over")
        said = said_kind(turn.slots.get("occasion_kind"))
        if turn.in_group:
            known = {slot: turn.slots[slot] for slot in _SAID if turn.slots.get(slot) is not None}
            turn.go_on_privately("remember_day", **known)
        elif said.kind is None or bare:
            turn.say("utter_day_comes_once")
        elif said.festival is None or _take_festival(turn, said):
            _go_on(turn, said.kind)
            _say_if_known(turn)


def _take_over(turn: Turn) -> None:
    """ "No, it's 4 May": whose day and what day it is was said a moment ago."""
    saved = just_saved(turn)
    if saved is None or turn.slots.get("occasion_person"):
        return
    subject = subject_of(turn.session, saved)
    festival = saved.kind == OccasionKind.FESTIVAL
    turn.set("occasion_kind", [subject if festival else saved.kind])
    turn.set("occasion_person", saved.relation or None)
    turn.set("occasion_name", None if festival else subject or None)


def _say_if_known(turn: Turn) -> None:
    """ "Remind me of dad's birthday" where we do already: its date is not asked again."""
    if turn.slots.get("occasion_date") is not None or not turn.slots.get("occasion_person"):
        return
    old = _kept_already(turn)
    if old is None:
        return
    if turn.person.opted_out_at is None:
        turn.set("occasion_step", "over")
        note_saved(turn, old)
        say_kept(turn, old, response="utter_day_known")
    else:
        turn.set("occasion_date", {"calendar": old.calendar, "month": old.month, "day": old.day,
                                   "leap": old.leap})  # fmt: skip


def _is_bare(turn: Turn) -> bool:
    """ "Remind me next Friday": a day that is nobody's, so it would not come back."""
    slots = turn.slots
    named = any(slots.get(slot) for slot in ("occasion_kind", "occasion_person", "occasion_step"))
    return not named and slots.get("occasion_date") is not None


def _take_festival(turn: Turn, said: SaidKind) -> bool:
    day = festival_day(said.festival or "", turn.locale)
    if day is None:
        turn.say("utter_festival_moves", festival=said.festival)
        return False
    turn.set("occasion_date", day.as_slot())
    if said.kind and said.kind is not OccasionKind.FESTIVAL:
        turn.set("occasion_kind", [said.kind.value])  # its date was all that was meant
    return True


def _go_on(turn: Turn, kind: OccasionKind) -> None:
    if kind is OccasionKind.ANNIVERSARY and turn.slots.get("occasion_person") is None:
        turn.set("occasion_person", "partner")  # "our anniversary"
    turn.set("occasion_step", "when" if kind is OccasionKind.FESTIVAL else "whose")


class ValidateOccasionPerson(ShopAction):
    """A word for a relation stays; any other is the name of somebody they know."""

    called = "validate_occasion_person"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("occasion_person") or "")
        if is_relation(said):
            return
        reply = read_reply(turn, said)
        if not reply.name:
            turn.set("occasion_person", None)
            return
        turn.set("occasion_person", "friend")
        turn.set("occasion_name", reply.name)
        for slot, value in reply.said.items():
            if not turn.slots.get(slot):
                turn.set(slot, value)


class AskOccasionDate(ShopAction):
    called = "action_ask_occasion_date"

    def act(self, turn: Turn) -> None:
        turn.say("utter_ask_occasion_date", what=_what(turn))


class ValidateOccasionDate(ShopAction):
    """ "Next month" is no day: whoever keeps its first would remind of a day that nobody named."""

    called = "validate_occasion_date"

    def act(self, turn: Turn) -> None:
        if "until" in (turn.slots.get("occasion_date") or ()):
            turn.set("occasion_date", None)


class LookAtDay(ShopAction):
    """Whether the words leave the calendar open: a wrong reminder is worse than a question."""

    called = "action_look_at_day"

    def act(self, turn: Turn) -> None:
        day = SaidDay.of(turn.slots.get("occasion_date"))
        turn.set("occasion_step", "torn" if is_torn(turn) else "clear")
        unclear = day is None or day.calendar == UNCLEAR
        turn.set("occasion_calendar", None if unclear or day is None else day.calendar)


class AskOccasionCalendar(ShopAction):
    """Both days that it may be, so that the answer is easy."""

    called = "action_ask_occasion_calendar"

    def act(self, turn: Turn) -> None:
        day = SaidDay.of(turn.slots["occasion_date"])
        assert day is not None  # noqa: S101  # the flow asks for the day first
        options = [
            turn.option(f"utter_calendar_{kind}", f"/SetSlots(occasion_calendar={kind})")
            for kind in CalendarKind
        ]
        coming = {
            kind.value: next_on(
                AnnualDate(kind, day.month, day.day),
                after=today_of(turn) - timedelta(days=1),
                rules=rules_of(turn.merchant),
            )
            for kind in CalendarKind
        }
        turn.say("utter_ask_occasion_calendar", Options(tuple(options)), **coming)


class ValidateOccasionCalendar(ShopAction):
    """The answer completes the day."""

    called = "validate_occasion_calendar"

    def act(self, turn: Turn) -> None:
        day = SaidDay.of(turn.slots.get("occasion_date"))
        if day is None or day.calendar != UNCLEAR:
            return
        calendar = _calendar_in(str(turn.slots.get("occasion_calendar") or ""))
        turn.set("occasion_calendar", calendar)
        if calendar:
            chosen = SaidDay(calendar, day.month, day.day, year=day.year)
            turn.set("occasion_date", chosen.as_slot())


def _calendar_in(text: str) -> str | None:
    """The calendar that these words name, if it is one."""
    names = [
        kind.value
        for kind in CalendarKind
        if re.search(lexicon().pattern(f"calendar.{kind}"), folded(text))
    ]
    return names[0] if len(names) == 1 else None


class TellApart(ShopAction):
    """A second friend must not take the place of the first."""

    called = "action_tell_apart"

    def act(self, turn: Turn) -> None:
        other = _nameless(turn)
        apart = other is not None and differ(other.when, _when(turn))
        corrects = turn.slots.get("occasion_corrects") and just_saved(turn) is other
        turn.set("occasion_twice", apart and not corrects)


class LookForSame(ShopAction):
    """Whether a day is kept already that this one would overwrite."""

    called = "action_look_for_same"

    def act(self, turn: Turn) -> None:
        old, when = _kept_already(turn), _when(turn)
        turn.set("occasion_step", "keep")
        if old is None or when is None:
            return
        if differ(old.when, when):
            turn.set("occasion_step", "keep" if is_sure(turn, old) else "change")
        elif turn.person.opted_out_at is None and when.year in (None, old.year):
            turn.set("occasion_step", "over")
            note_saved(turn, old)
            say_kept(turn, old, response="utter_day_known")


class AskConfirmChange(ShopAction):
    called = "action_ask_confirm_change"

    def act(self, turn: Turn) -> None:
        old, when = _kept_already(turn), _when(turn)
        if old is not None and when is not None:
            say_change(turn, old, when)


class AskOccasionName(ShopAction):
    called = "action_ask_occasion_name"

    def act(self, turn: Turn) -> None:
        other = _nameless(turn)
        day = annual_day(other.when, turn.locale) if other else ""
        change = turn.option("utter_change_day_button", "/skip", what=_what(turn))
        turn.say("utter_ask_occasion_name", Options((change,)), what=_what(turn), day=day)


class RememberDay(ShopAction):
    """Asking to be reminded is saying yes to it: the answer says so, and how to stop it."""

    called = "action_remember_day"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        when = _when(turn)
        if when is None:
            turn.say("utter_no_such_day")
            return
        stopped = turn.person.opted_out_at is not None
        for purpose in (ConsentPurpose.OCCASIONS, ConsentPurpose.REMINDERS):
            agree(turn, purpose)
        # Reminders go to a chat they are known to be in; from a group they came here unseen.
        note_member(turn.session, chat=turn.chat, person=turn.person, now=turn.now)
        before = {one.id for one in occasions_of(turn.session, person=turn.person)}
        kept = save_occasion(
            turn.session, person=turn.person, day=_day_to_keep(turn, when), now=turn.now
        )
        note_saved(turn, kept)
        response = "utter_day_changed" if kept.id in before else "utter_day_kept"
        say_kept(turn, kept, response=response, back_on=stopped)


def _day_to_keep(turn: Turn, when: AnnualDate) -> DayToKeep:
    """How long before it we speak stays as it was, if nothing was said of it."""
    old, said = _kept_already(turn), int(turn.slots.get("lead_days") or 0)
    relation, subject = _whose(turn)
    kind = said_kind(turn.slots.get("occasion_kind")).kind or OccasionKind.OTHER
    day = DayToKeep(kind=kind, when=when, relation=relation, subject=subject)
    lead = min(said, LONGEST_LEAD) or (old.lead_days if old else day.lead_days)
    return replace(day, lead_days=lead)


def _kept_already(turn: Turn) -> Occasion | None:
    kind = said_kind(turn.slots.get("occasion_kind")).kind or OccasionKind.OTHER
    relation, subject = _whose(turn)
    if relation and not is_relation(relation):  # a name, before it was looked at
        relation, subject = "friend", relation
    return same_day(turn, kind=kind, relation=relation, subject=subject)


def _when(turn: Turn) -> AnnualDate | None:
    day = SaidDay.of(turn.slots.get("occasion_date"))
    return day.annual(this_year=today_of(turn).year) if day else None


def _whose(turn: Turn) -> tuple[str, str]:
    """Relation and name; a festival's name is whose day it is."""
    said = said_kind(turn.slots.get("occasion_kind"))
    relation = str(turn.slots.get("occasion_person") or "")
    if said.kind is OccasionKind.FESTIVAL:
        return relation, said.festival or ""
    return relation, str(turn.slots.get("occasion_name") or "")


def _what(turn: Turn) -> str:
    kind = said_kind(turn.slots.get("occasion_kind")).kind or OccasionKind.OTHER
    relation, subject = _whose(turn)
    return what_day(turn.words, kind=kind, relation=relation, subject=subject)


def _nameless(turn: Turn) -> Occasion | None:
    """A day already kept that this one would replace only for want of a name."""
    kind = said_kind(turn.slots.get("occasion_kind")).kind
    relation, subject = _whose(turn)
    if subject or relation in _ONLY_ONE:
        return None
    kept = occasions_of(turn.session, person=turn.person)
    same = (one for one in kept if (one.kind, one.relation) == (kind, relation))
    return next((one for one in same if one.subject is None), None)


ACTIONS = (
    HearDay,
    ValidateOccasionPerson,
    ValidateOccasionDate,
    AskOccasionDate,
    LookAtDay,
    AskOccasionCalendar,
    ValidateOccasionCalendar,
    TellApart,
    LookForSame,
    AskConfirmChange,
    AskOccasionName,
    RememberDay,
)

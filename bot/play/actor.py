"""Acts a story step by step and checks what it expects; a failure shows place, wish and reality."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.channels.rest import RestMetadata
from bot.demo.clock import later, settle, turn
from bot.pages.bank import visit_bank
from bot.play.facts import events_since, facts, last_event_id, slots_of
from bot.play.office import OFFICE_VERBS, Office
from bot.play.staff import STAFF_VERBS, at_console
from bot.play.story import PRIVATE, Step, Story
from bot.play.world import Said, World, open_world
from data.audit import audit
from data.kernel.locales import Locale
from data.kernel.money import exponent
from data.payments.sandbox_models import Outcome

BOT = "团子"
CONSOLE = "console"
_LAST_SHOWN = 8
_DEFAULT_PERSON = "Ann"
_LINK = re.compile(r"/pay/([\w-]+)")


class StoryFailed(AssertionError):
    """`gift.yml:9 expected …`, what was got instead, and the last events."""


@dataclass(slots=True)
class Actor:
    story: Story
    world: World
    see: Callable[[str, str, str], None] = lambda who, where, text: None
    _who: str = _DEFAULT_PERSON
    _where: str = PRIVATE
    _mark: int = 0
    _events_mark: int = 0
    _unmatched: dict[str, int] = field(default_factory=dict)
    _office: Office = field(init=False)
    _shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._office = Office(self.world, Locale(self.story.locale), self.story.folder)

    def act(self) -> None:
        """The whole story; at its end every invariant must hold."""
        self._where = self.story.where
        for step in self.story.steps:
            self._step(step)
        with self.world.tuanzi.database.reading() as session:
            broken = audit(session, now=self.world.tuanzi.clock.now())
        if broken:
            raise StoryFailed(f"{self.story.place} audit: {broken}")
        if unlike := self.world.unlike_their_log():
            raise StoryFailed(f"{self.story.place} replay: {unlike}")

    def _step(self, step: Step) -> None:
        if step.kind in _DOING:
            self._who = str(step.who or self._who)
            self._where = str(step.where or (self.story.where if step.who else self._where))
            self._mark = len(self.world.heard)
            self._unmatched.clear()
            self._shown.clear()
            with self.world.tuanzi.database.reading() as session:
                self._events_mark = last_event_id(session)
            _DOING[step.kind](self, step)
            for said in self.world.heard[self._mark :]:
                self.see(BOT, said.chat, _spoken(said))
        else:
            _EXPECTING[step.kind](self, step)

    # — doing —

    def _say(self, step: Step) -> None:
        self.see(self._who, self._where, str(step.value))
        self._speak(str(step.value), step)

    def _speak(self, text: str, step: Step, media: str | None = None) -> None:
        about = RestMetadata(
            locale=self.story.locale if not self._met(self._who) else None,
            message_id=step.about.get("message_id"),
            media=media,
        )
        self.world.say(who=self._who, where=self._where, text=text, about=about)
        asyncio.run(settle(self.world.tuanzi))
        self.world.listen()

    def _met(self, who: str) -> bool:
        return any(said.chat == who for said in self.world.heard)

    def _press(self, step: Step) -> None:
        """The newest button with this label in the chat we are in."""
        chat = self._chat(self._who, self._where)
        for said in reversed(self.world.heard):
            for button in said.message.get("buttons", ()) if said.chat == chat else ():
                if _matches(str(step.value), button["title"]):
                    self.see(self._who, self._where, f"[{button['title']}]")
                    self._speak(button["payload"], step)
                    return
        self._fail(step, f"button {step.value}", self._lines(self.world.heard))

    def _media(self, step: Step) -> None:
        self._speak("", step, media=str(step.value))

    def _later(self, step: Step) -> None:
        now = self.world.tuanzi.clock.now()
        asyncio.run(turn(self.world.tuanzi, to=later(now, str(step.value))))
        self.world.listen()

    def _console(self, step: Step) -> None:
        """What the shop's people do meanwhile, and what their page shows then."""
        given = dict(step.value)
        self.see(CONSOLE, PRIVATE, ", ".join(f"{verb}: {value}" for verb, value in given.items()))
        shown = self._office.act(given)
        if shown is None and not at_console(self.world, given):
            known = ", ".join((*STAFF_VERBS, *OFFICE_VERBS))
            self._fail(step, f"console: one of {known}", [str(given)])
        self._shown += shown or []
        for line in self._shown:
            self.see(CONSOLE, PRIVATE, f"  │ {line}")
        asyncio.run(settle(self.world.tuanzi))
        self.world.listen()

    def _pay(self, step: Step) -> None:
        """The person opens the newest payment link they were given, and the bank does as told."""
        who = str(step.value)
        links = [
            found.group(1)
            for said in self.world.heard
            if said.chat == who and (found := _LINK.search(said.text))
        ]
        if not links:
            self._fail(step, f"payment link for {who}", self._lines(self.world.heard))
        outcome = Outcome(str(step.about.get("outcome", "approved")))
        self._who = who
        asyncio.run(self._pay_and_settle(links[-1], outcome))
        self.world.listen()

    async def _pay_and_settle(self, token: str, outcome: Outcome) -> None:
        await visit_bank(self.world.tuanzi, token=token, outcome=outcome)
        await settle(self.world.tuanzi)

    # — expecting —

    def _expect_text(self, step: Step) -> None:
        chat = self._expected_chat(step)
        fresh = self._fresh(chat)
        start = self._unmatched.get(chat, 0)
        for index, said in enumerate(fresh[start:], start):
            if _matches(str(step.value), said.text):
                self._unmatched[chat] = index + 1
                return
        self._fail(step, f"bot: {step.value}", self._lines(fresh))

    def _expect_response(self, step: Step) -> None:
        fresh = self._fresh(self._expected_chat(step))
        if not any(said.response == step.value for said in fresh):
            self._fail(step, f"utter: {step.value}", self._lines(fresh))

    def _expect_uttered(self, step: Step) -> None:
        fresh = self._fresh(self._expected_chat(step))
        if not any(_fits(step.value, said) for said in fresh):
            self._fail(step, f"bot_uttered: {dict(step.value)}", self._lines(fresh))

    def _expect_not_uttered(self, step: Step) -> None:
        fresh = self._fresh(self._expected_chat(step))
        if any(_fits(step.value, said) for said in fresh):
            self._fail(step, f"bot_did_not_utter: {dict(step.value)}", self._lines(fresh))

    def _expect_silence(self, step: Step) -> None:
        fresh = self._fresh(self._expected_chat(step))
        if bool(fresh) is bool(step.value):
            self._fail(step, f"silent: {step.value}", self._lines(fresh))

    def _expect_cards(self, step: Step) -> None:
        fresh = self._fresh(self._expected_chat(step))
        cards = [said for said in fresh if _kind(said) == "card"]
        if len(cards) < int(step.value):
            self._fail(step, f"cards: {step.value}", self._lines(fresh))

    def _expect_prices(self, step: Step) -> None:
        cards = self._cards(self._fresh(self._expected_chat(step)))
        most = Decimal(str(step.value))
        dear = [card for card in cards if _price(card) >= most]
        if dear or not cards:
            self._fail(step, f"price_below: {step.value}", self._lines(dear))

    def _expect_new_cards(self, step: Step) -> None:
        chat = self._expected_chat(step)
        before = {_product(said) for said in self._cards(self.world.heard[: self._mark])}
        again = [one for one in self._cards(self._fresh(chat)) if _product(one) in before]
        if bool(again) is bool(step.value):
            self._fail(step, f"new_cards: {step.value}", self._lines(again))

    @staticmethod
    def _cards(said: Iterable[Said]) -> list[Said]:
        return [one for one in said if _kind(one) == "card"]

    def _expect_slots(self, step: Step) -> None:
        slots = self._slots(step)
        for name, value in _pairs(step.value):
            if slots.get(name) != value:
                self._fail(step, f"slot {name} = {value!r}", [f"{slots.get(name)!r}"])

    def _expect_no_slots(self, step: Step) -> None:
        slots = self._slots(step)
        for name, _value in _pairs(step.value):
            if slots.get(name) is not None:
                self._fail(step, f"slot {name} not set", [f"{slots.get(name)!r}"])

    def _expect_event(self, step: Step) -> None:
        wanted = step.value if isinstance(step.value, str) else step.value.get("flow_id")
        with self.world.tuanzi.database.reading() as session:
            events = events_since(session, self._events_mark)
        kind = step.kind
        found = any(
            event.kind == _EVENT_NAMES[kind] and wanted in (event.flow, event.body.get("action"))
            for event in events
        )
        if not found:
            self._fail(step, f"{kind}: {wanted}", [f"{e.kind} {e.flow or ''}" for e in events])

    def _expect_shown(self, step: Step) -> None:
        if not any(_matches(str(step.value), line) for line in self._shown):
            self._fail(step, f"shown: {step.value}", self._shown)

    def _expect_facts(self, step: Step) -> None:
        with self.world.tuanzi.database.reading() as session:
            true = facts(session, now=self.world.tuanzi.clock.now())
        for name, value in step.value.items():
            if true.get(name) != value:
                self._fail(step, f"{name}: {value}", [f"{name}: {true.get(name)}"])

    # — helpers —

    def _slots(self, step: Step) -> Mapping[str, Any]:
        who, chat = str(step.who or self._who), self._expected_chat(step)
        with self.world.tuanzi.database.reading() as session:
            return slots_of(session, chat=chat, person=who)

    def _expected_chat(self, step: Step) -> str:
        who = str(step.who or self._who)
        return self._chat(who, str(step.where or self._where))

    @staticmethod
    def _chat(who: str, where: str) -> str:
        return who if where == PRIVATE else where

    def _fresh(self, chat: str) -> list[Said]:
        return [said for said in self.world.heard[self._mark :] if said.chat == chat]

    def _lines(self, said: Iterable[Said]) -> list[str]:
        return [f"{one.chat}: {one.text} [{one.response}]" for one in said][-_LAST_SHOWN:]

    def _fail(self, step: Step, expected: str, got: list[str]) -> None:
        with self.world.tuanzi.database.reading() as session:
            recent = events_since(session, 0)[-5:]
        events = [f"{event.kind} {event.flow or ''} {event.step or ''}" for event in recent]
        lines = [f"{step.place} expected {expected}", "  got:"]
        lines += [f"    {line}" for line in got or ["-"]]
        lines += ["  last events:", *(f"    {line}" for line in events)]
        raise StoryFailed("\n".join(lines))


def _spoken(said: Said) -> str:
    """A message as text, its buttons in brackets."""
    buttons = " ".join(f"[{button['title']}]" for button in said.message.get("buttons", ()))
    return "\n".join(filter(None, (said.text, buttons)))


def _matches(pattern: str, text: str) -> bool:
    """`*` stands for anything; everything else is meant as written."""
    parts = (re.escape(part) for part in pattern.strip().split("*"))
    return re.fullmatch(".*".join(parts), text.strip(), re.DOTALL) is not None


def _fits(wanted: Mapping[str, Any], said: Said) -> bool:
    titles = [button["title"] for button in said.message.get("buttons", ())]
    tests: dict[str, Callable[[Any], bool]] = {
        "utter_name": lambda value: said.response == value,
        "text_matches": lambda value: re.search(str(value), said.text) is not None,
        "buttons": lambda value: all(one["title"] in titles for one in value),
        "kind": lambda value: _kind(said) == value,
    }
    return all(tests[name](value) for name, value in wanted.items())


def _kind(said: Said) -> str | None:
    custom = said.message.get("custom") or {}
    kind: str | None = custom.get("type")
    return kind


def _price(card: Said) -> Decimal:
    price = card.message["custom"]["price"]
    return Decimal(price["amount_minor"]).scaleb(-exponent(price["currency"]))


def _product(card: Said) -> str:
    return str(card.message["custom"]["product_id"])


def _pairs(value: Any) -> list[tuple[str, Any]]:
    """`{slot: value}`, a list of such, or bare slot names."""
    items = value if isinstance(value, list) else [value]
    return [
        pair
        for item in items
        for pair in (item.items() if isinstance(item, Mapping) else [(str(item), None)])
    ]


def play(story: Story, *, see: Callable[[str, str, str], None] | None = None) -> None:
    """Act one story in a world of its own; StoryFailed tells where reality differs."""
    world = open_world(story.start)
    try:
        actor = Actor(story, world)
        if see is not None:
            actor.see = see
        actor.act()
    finally:
        world.close()


_EVENT_NAMES = {
    "flow_started": "flow_started",
    "flow_completed": "flow_completed",
    "flow_cancelled": "flow_cancelled",
    "action_executed": "action_requested",
}
_DOING: dict[str, Callable[[Actor, Step], None]] = {
    "user": Actor._say,
    "press": Actor._press,
    "media": Actor._media,
    "later": Actor._later,
    "pays": Actor._pay,
    "console": Actor._console,
}
_EXPECTING: dict[str, Callable[[Actor, Step], None]] = {
    "bot": Actor._expect_text,
    "utter": Actor._expect_response,
    "bot_uttered": Actor._expect_uttered,
    "bot_did_not_utter": Actor._expect_not_uttered,
    "silent": Actor._expect_silence,
    "cards": Actor._expect_cards,
    "price_below": Actor._expect_prices,
    "new_cards": Actor._expect_new_cards,
    "slot_was_set": Actor._expect_slots,
    "slot_was_not_set": Actor._expect_no_slots,
    "flow_started": Actor._expect_event,
    "flow_completed": Actor._expect_event,
    "flow_cancelled": Actor._expect_event,
    "action_executed": Actor._expect_event,
    "shown": Actor._expect_shown,
    "then": Actor._expect_facts,
}

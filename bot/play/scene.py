"""Where a story stands while it is acted: who speaks, where, and what was heard since."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from bot.play.facts import events_since, last_event_id
from bot.play.failures import Failure, StoryFailed
from bot.play.office import Office
from bot.play.story import PRIVATE, Step, Story
from bot.play.world import Said, World
from data.conversations import ConversationEvent
from data.kernel.locales import Locale

BOT = "团子"
CONSOLE = "console"
See = Callable[[str, str, str], None]
_DEFAULT_PERSON = "Ann"
_LAST_SHOWN = 8
_LAST_EVENTS = 5
_LAST_LINES = 16  # of each chat: the failing turn and a few before it


@dataclass(slots=True)
class Scene:
    story: Story
    world: World
    see: See = lambda who, where, text: None
    who: str = _DEFAULT_PERSON
    where: str = PRIVATE
    shown: list[str] = field(default_factory=list)
    office: Office = field(init=False)
    mark: int = 0
    _events_mark: int = 0
    _matched: dict[str, int] = field(default_factory=dict)
    _lines: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.office = Office(self.world, Locale.closest(self.story.locale), self.story.folder)
        self.where = self.story.where

    def begin(self, step: Step) -> None:
        """A deed: from here on counts what is said and what happens."""
        self.who = step.who or self.who
        self.where = step.where or (self.story.where if step.who else self.where)
        self.mark = len(self.world.heard)
        self._matched.clear()
        self.shown.clear()
        with self.world.tuanzi.database.reading() as session:
            self._events_mark = last_event_id(session)

    def end(self) -> None:
        """Everything that the bot has said is shown."""
        for said in self.world.heard[self.mark :]:
            self._tell(BOT, said.chat, said.chat, spoken(said))

    def tell(self, text: str, who: str | None = None) -> None:
        """A line of the play, by who speaks now."""
        self._tell(who or self.who, self.where, self.here, text)

    def _tell(self, who: str, where: str, chat: str, text: str) -> None:
        self._lines.append((chat, f"{who}: {text}"))
        self.see(who, where, text)

    @property
    def here(self) -> str:
        """The chat we are in."""
        return self.who if self.where == PRIVATE else self.where

    def chat(self, step: Step) -> str:
        """The chat that a step is about."""
        where = step.where or self.where
        return (step.who or self.who) if where == PRIVATE else where

    def person(self, step: Step) -> str:
        return step.who or self.who

    def fresh(self, step: Step) -> list[Said]:
        """What was said there since the last deed."""
        chat = self.chat(step)
        return [said for said in self.world.heard[self.mark :] if said.chat == chat]

    def next_of(self, step: Step, fits: Callable[[Said], bool]) -> bool:
        """Whether something fits that comes after what fitted before."""
        chat = self.chat(step)
        start = self._matched.get(chat, 0)
        for index, said in enumerate(self.fresh(step)[start:], start + 1):
            if fits(said):
                self._matched[chat] = index
                return True
        return False

    def events(self) -> list[ConversationEvent]:
        """What happened since the last deed, in every conversation."""
        with self.world.tuanzi.database.reading() as session:
            return list(events_since(session, self._events_mark))

    def fail(self, step: Step, expected: str, got: Iterable[str]) -> NoReturn:
        with self.world.tuanzi.database.reading() as session:
            recent = events_since(session, 0)[-_LAST_EVENTS:]
        events = tuple(f"{one.kind} {one.flow or ''} {one.step or ''}".rstrip() for one in recent)
        chats = dict.fromkeys(
            (self.here, self.chat(step), *(one.chat for one in self.world.heard[self.mark :]))
        )
        transcripts = ((chat, self._transcript(chat)) for chat in chats)
        raise StoryFailed(
            Failure(
                step.place,
                expected,
                tuple(got)[-_LAST_SHOWN:],
                events,
                tuple((chat, lines) for chat, lines in transcripts if lines),
            )
        )

    def _transcript(self, chat: str) -> tuple[str, ...]:
        return tuple(line for where, line in self._lines if where == chat)[-_LAST_LINES:]


def spoken(said: Said) -> str:
    """A message as text, its buttons in brackets."""
    buttons = " ".join(f"[{button['title']}]" for button in said.message.get("buttons", ()))
    return "\n".join(filter(None, (said.text, buttons)))


def lines(said: Iterable[Said]) -> list[str]:
    return [f"{one.chat}: {one.text} [{one.response}]" for one in said]

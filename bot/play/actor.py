"""Acts a story step by step and checks what it expects; a failure shows place, wish and reality."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.play.doing import DOING
from bot.play.failures import Failure, StoryFailed
from bot.play.heard import Unheard
from bot.play.noted import NOTED
from bot.play.scene import BOT, CONSOLE, Scene, See
from bot.play.spoken import SPOKEN
from bot.play.story import Step, Story
from bot.play.world import SHIPPED, Kit, World, open_world
from data.audit import audit
from dialogs.house import Understanding
from dialogs.understanding import understand

__all__ = ["BOT", "CONSOLE", "Actor", "StoryFailed", "play"]
_EXPECTING: Mapping[str, Callable[[Scene, Step], None]] = {**SPOKEN, **NOTED}


@dataclass(slots=True)
class Actor:
    story: Story
    world: World
    see: See = lambda who, where, text: None
    _scene: Scene = field(init=False)

    def __post_init__(self) -> None:
        self._scene = Scene(self.story, self.world, self.see)

    def act(self) -> None:
        """The whole story; at its end every invariant must hold."""
        for step in self.story.steps:
            self.take(step)
        with self.world.tuanzi.database.reading() as session:
            broken = audit(session, now=self.world.tuanzi.clock.now())
        if broken:
            raise StoryFailed(Failure(self.story.place, "audit", tuple(map(str, broken))))
        if unlike := self.world.unlike_their_log():
            raise StoryFailed(Failure(self.story.place, "replay", tuple(unlike)))

    def take(self, step: Step) -> None:
        """One deed, or one look at what came of it."""
        try:
            self._take(step)
        except Unheard as missing:
            self._scene.fail(step, f"heard: {missing}", missing.known)

    def _take(self, step: Step) -> None:
        if step.kind in DOING:
            self._scene.begin(step)
            DOING[step.kind](self._scene, step)
            self._scene.end()
        else:
            _EXPECTING[step.kind](self._scene, step)


def play(
    story: Story,
    *,
    see: See | None = None,
    kit: Kit = SHIPPED,
    listener: Understanding = understand,
) -> None:
    """Act one story in a world of its own; StoryFailed tells where reality differs."""
    world = open_world(story.start, kit=kit, stubs=story.stubs, listener=listener)
    try:
        world.check(story)
        actor = Actor(story, world) if see is None else Actor(story, world, see)
        actor.act()
    finally:
        world.close()

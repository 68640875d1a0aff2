"""What people do in a story: say, press, wait, pay, and work at the shop's console."""

import asyncio
import re
from collections.abc import Callable, Mapping

from bot.channels.rest import RestMetadata
from bot.demo.clock import settle, turn
from bot.pages.bank import visit_bank
from bot.play.lengths import later
from bot.play.office import OFFICE_VERBS
from bot.play.scene import CONSOLE, Scene, lines
from bot.play.staff import at_console
from bot.play.story import Step
from bot.play.words import STAFF_VERBS, like
from data.payments.sandbox_models import Outcome
from data.personal.codes import LETTERS

_CODE_GAP, _CODE = "{code}", re.compile(rf"\b[{LETTERS}]{{4}}-[{LETTERS}]{{4}}\b")
_LINK_GAP, _SHARED = "{link}", re.compile(r"https?://\S+/[cg]/[\w-]+")
_LINK = re.compile(r"/pay/([\w-]+)")


def _say(scene: Scene, step: Step) -> None:
    """`{code}`, `{link}`: the newest code, or link to a present or a team, that any chat was shown,
    as a person would copy it."""
    said = str(step.value)
    if _LINK_GAP in said:
        links = [link for one in scene.world.heard for link in _SHARED.findall(one.text)]
        said = said.replace(_LINK_GAP, links[-1]) if links else said
    if _CODE_GAP in said:
        codes = [code for one in scene.world.heard for code in _CODE.findall(one.text)]
        said = said.replace(_CODE_GAP, codes[-1]) if codes else said
    scene.tell(said)
    _speak(scene, said, step)


def _speak(scene: Scene, text: str, step: Step, media: str | None = None) -> None:
    """A newcomer's messenger tells their language; metadata tells more."""
    world, who = scene.world, scene.who
    newcomer = not any(said.chat == who for said in world.heard)
    told = {"locale": scene.story.locale} if newcomer else {}
    told |= {**scene.story.metadata, **step.about.get("metadata", {})}
    if "message_id" in step.about:
        told["message_id"] = str(step.about["message_id"])
    about = RestMetadata.model_validate({"media": media, "name": who, **told})
    world.say(who=who, where=scene.where, text=text, about=about, given=scene.story.fixtures)
    asyncio.run(settle(world.tuanzi))
    world.listen()


def _press(scene: Scene, step: Step) -> None:
    """The newest button with this label in the chat we are in."""
    for said in reversed(scene.world.heard):
        for button in said.message.get("buttons", ()) if said.chat == scene.here else ():
            if like(str(step.value), button["title"]):
                scene.tell(f"[{button['title']}]")
                _speak(scene, button["payload"], step)
                return
    scene.fail(step, f"button {step.value}", lines(scene.world.heard))


def _media(scene: Scene, step: Step) -> None:
    scene.tell(f"({step.value})")
    _speak(scene, "", step, media=str(step.value))


def _later(scene: Scene, step: Step) -> None:
    now = scene.world.tuanzi.clock.now()
    asyncio.run(turn(scene.world.tuanzi, to=later(now, str(step.value))))
    scene.world.listen()


def _console(scene: Scene, step: Step) -> None:
    """What the shop's people do meanwhile, and what their page shows then."""
    given = dict(step.value)
    scene.see(CONSOLE, scene.where, ", ".join(f"{verb}: {what}" for verb, what in given.items()))
    shown = scene.office.act(given)
    if shown is None and not at_console(scene.world, given):
        known = ", ".join((*STAFF_VERBS, *OFFICE_VERBS))
        scene.fail(step, f"console: one of {known}", [str(given)])
    scene.shown += shown or []
    for line in scene.shown:
        scene.see(CONSOLE, scene.where, f"  │ {line}")
    asyncio.run(settle(scene.world.tuanzi))
    scene.world.listen()


def _pay(scene: Scene, step: Step) -> None:
    """The person opens the newest payment link they were given, and the bank does as told."""
    who = str(step.value)
    links = [
        found.group(1)
        for said in scene.world.heard
        if said.chat == who and (found := _LINK.search(said.text))
    ]
    if not links:
        scene.fail(step, f"payment link for {who}", lines(scene.world.heard))
    outcome = Outcome(str(step.about.get("outcome", "approved")))
    scene.who = who
    asyncio.run(_pay_and_settle(scene, links[-1], outcome))
    scene.world.listen()


async def _pay_and_settle(scene: Scene, token: str, outcome: Outcome) -> None:
    await visit_bank(scene.world.tuanzi, token=token, outcome=outcome)
    await settle(scene.world.tuanzi)


DOING: Mapping[str, Callable[[Scene, Step], None]] = {
    "user": _say,
    "press": _press,
    "media": _media,
    "later": _later,
    "pays": _pay,
    "console": _console,
}

"""What a story expects to have happened: flows, actions, slots, facts of the shop, the console."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.play.facts import fact, slots_of
from bot.play.scene import Scene
from bot.play.story import Step
from bot.play.words import like
from data.conversations import ConversationEvent


def _started(scene: Scene, step: Step) -> None:
    value = step.value
    asked = value["flow_ids"] if isinstance(value, Mapping) else value
    flows = asked if isinstance(asked, list) else [asked]
    enough = any if isinstance(value, Mapping) and value.get("operator") == "any" else all
    events = scene.events()
    started = {event.flow for event in events if event.kind == "flow_started"}
    if not enough(flow in started for flow in flows):
        scene.fail(step, f"flow_started: {value}", map(_line, events))


def _ended(kind: str) -> Callable[[Scene, Step], None]:
    """`flow_step_id` names the last step that the flow stood on."""

    def expect(scene: Scene, step: Step) -> None:
        wanted = step.value if isinstance(step.value, Mapping) else {"flow_id": step.value}
        events = scene.events()
        found = any(
            event.kind == kind
            and event.flow == wanted["flow_id"]
            and wanted.get("flow_step_id", event.step) == event.step
            for event in events
        )
        if not found:
            scene.fail(step, f"{kind}: {step.value}", map(_line, events))

    return expect


def _executed(scene: Scene, step: Step) -> None:
    events = scene.events()
    run = [_action(event) for event in events if event.kind == "action_requested"]
    if step.value not in run:
        scene.fail(step, f"action_executed: {step.value}", filter(None, run))


def _action(event: ConversationEvent) -> str:
    return str(event.body.get("data", {}).get("action", ""))


def _clarified(scene: Scene, step: Step) -> None:
    """Every flow named was among those that the person may choose from."""
    wanted = step.value if isinstance(step.value, list) else [step.value]
    offered = [
        str(flow)
        for event in scene.events()
        if event.kind == "understood"
        for command in event.body["data"].get("commands", ())
        if command["command"] == "Clarify"
        for flow in command["flows"]
    ]
    if not set(wanted) <= set(offered):
        scene.fail(step, f"pattern_clarification_contains: {step.value}", offered)


def _slots(scene: Scene, step: Step) -> None:
    """`{slot: value}`; a bare name: any value but none."""
    held = _held(scene, step)
    for name, values in _wanted(step.value):
        there = held.get(name)
        if (there is None) if not values else (there != values[0]):
            wish = f"= {values[0]!r}" if values else "set"
            scene.fail(step, f"slot {name} {wish}", [repr(there)])


def _no_slots(scene: Scene, step: Step) -> None:
    """A bare name: it is empty; with a value: it holds another."""
    held = _held(scene, step)
    for name, values in _wanted(step.value):
        there = held.get(name)
        if (there is not None) if not values else (there == values[0]):
            wish = f"not {values[0]!r}" if values else "not set"
            scene.fail(step, f"slot {name} {wish}", [repr(there)])


def _held(scene: Scene, step: Step) -> Mapping[str, Any]:
    with scene.world.tuanzi.database.reading() as session:
        return slots_of(session, chat=scene.chat(step), person=scene.person(step))


def _wanted(value: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """Slot names, each with the value that is asked for, if one is."""
    return [
        pair
        for one in (value if isinstance(value, list) else [value])
        for pair in (
            [(name, (wanted,)) for name, wanted in one.items()]
            if isinstance(one, Mapping)
            else [(str(one), ())]
        )
    ]


def _facts(scene: Scene, step: Step) -> None:
    with scene.world.tuanzi.database.reading() as session:
        for name, wanted in _flat(step.value):
            there = fact(session, name)
            if there != wanted:
                scene.fail(step, f"{name}: {wanted}", [f"{name}: {there}"])


def _flat(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        pair
        for name, wanted in value.items()
        for pair in (
            [(f"{name}.{part}", one) for part, one in wanted.items()]
            if isinstance(wanted, Mapping)
            else [(name, wanted)]
        )
    ]


def _shown(scene: Scene, step: Step) -> None:
    if not any(like(str(step.value), line) for line in scene.shown):
        scene.fail(step, f"shown: {step.value}", scene.shown)


def _line(event: ConversationEvent) -> str:
    return f"{event.kind} {event.flow or ''} {event.step or ''}".rstrip()


NOTED: Mapping[str, Callable[[Scene, Step], None]] = {
    "pattern_clarification_contains": _clarified,
    "slot_was_set": _slots,
    "slot_was_not_set": _no_slots,
    "flow_started": _started,
    "flow_completed": _ended("flow_completed"),
    "flow_cancelled": _ended("flow_cancelled"),
    "action_executed": _executed,
    "shown": _shown,
    "then": _facts,
}

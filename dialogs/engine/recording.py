"""Every input as JSON and back: what the log keeps of a turn, so that it can be run again.

An input is known by its kind; one that is not in RECORDED cannot be taken at all. What a value
that no slot may hold was, nobody needs to know: it comes back as one that every slot refuses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from math import nan
from typing import Any, NamedTuple, get_args

from data.kernel.ids import FlowSha
from dialogs.engine.commands import Command
from dialogs.engine.inputs import (
    ActionAnswered,
    ActionFailed,
    ActionResult,
    Change,
    Failed,
    GivenAway,
    HandBack,
    HandOver,
    Happened,
    Heard,
    Input,
    Lapsed,
    Moved,
    StartPattern,
    TakenOver,
    Way,
)
from dialogs.engine.outcome import Event
from dialogs.engine.state import ChatKind
from dialogs.format.values import is_json

Json = dict[str, Any]
_COMMANDS = {kind.__name__: kind for kind in get_args(Command)}
_PARTS = {kind: tuple(part.name for part in fields(kind)) for kind in get_args(Command)}
_UNFIT = {"unfit": True}


class Unplayable(Exception):
    """The record does not fit the flows: the engine would not have taken this input here."""


class Recorded(NamedTuple):
    """An input or a change, with what else the engine went by: the version that was live, the kind
    of chat."""

    given: Input | Change
    live: FlowSha
    chat: ChatKind = ChatKind.PRIVATE

    def as_event(self) -> Event:
        """For the log."""
        kind = _KINDS[type(self.given)]
        data = RECORDED[kind].to_json(self.given)
        if self.chat is not ChatKind.PRIVATE:
            data["chat"] = self.chat.value
        return Event(kind, version=self.live, data=data)

    @classmethod
    def of(cls, kind: str, version: str, data: Mapping[str, Any]) -> "Recorded":
        """From the log; what was written before inputs were kept whole cannot be read."""
        try:
            given = RECORDED[kind].from_json(data)
        except KeyError as error:
            raise Unplayable(str(error)) from error
        return cls(given, FlowSha(version), ChatKind(data.get("chat", ChatKind.PRIVATE)))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one class of inputs is written and read."""

    made: type
    to_json: Callable[[Any], Json]
    from_json: Callable[[Mapping[str, Any]], Any]


def command_to_json(command: Command) -> Json:
    """`{"command": "SetSlot", "slot": …}`."""
    kind = type(command)
    body: Json = {"command": kind.__name__}
    for name in _PARTS[kind]:
        body[name] = _part(name, getattr(command, name))
    return body


def command_from_json(body: Mapping[str, Any]) -> Command:
    said = {name: _read_part(name, value) for name, value in body.items() if name != "command"}
    command: Command = _COMMANDS[body["command"]](**said)
    return command


def _part(name: str, value: Any) -> Any:
    if name == "flows":
        return list(value)
    return _fit_all(value) if name == "values" else _fit(value)


def _read_part(name: str, value: Any) -> Any:
    if name == "flows":
        return tuple(value)
    return _values(value) if name == "values" else _value(value)


def _heard_to_json(heard: Heard) -> Json:
    commands = [command_to_json(each) for each in heard.commands]
    away = {"away_from": heard.version} if heard.version else {}
    return {**heard.about, **away, "commands": commands}


def _heard(body: Mapping[str, Any]) -> Heard:
    return Heard(_commands(body["commands"]), version=body.get("away_from"))


def _result_to_json(result: ActionResult) -> Json:
    """Not what it said: that stands in the outbox, and no state depends on it."""
    body: Json = {"slots": _fit_all(result.slots)}
    if result.commands:
        body["commands"] = [command_to_json(each) for each in result.commands]
    return body


def _happened_to_json(told: Happened) -> Json:
    body: Json = {"event": told.event, "key": told.key, "payload": _fit_all(told.payload)}
    numbers = {"wait": told.wait, "number": told.number}
    return {**body, **{name: number for name, number in numbers.items() if number}}


def _happened(body: Mapping[str, Any]) -> Happened:
    payload = _values(body["payload"])
    wait, number = body.get("wait"), body.get("number", 0)
    return Happened(body["event"], body["key"], payload, wait, number)


def _taken_over_to_json(taken: TakenOver) -> Json:
    return {"group": dict(taken.group), "told": _happened_to_json(taken.told)}


def _taken_over(body: Mapping[str, Any]) -> TakenOver:
    return TakenOver(body["group"], _happened(body["told"]))


def _result(body: Mapping[str, Any]) -> ActionResult:
    return ActionResult(_values(body["slots"]), commands=_commands(body.get("commands", ())))


def _answered_to_json(answered: ActionAnswered) -> Json:
    return {"call": answered.call, **_result_to_json(answered.result)}


def _call_failed_to_json(failed: ActionFailed) -> Json:
    body: Json = {"call": failed.call, "reason": failed.reason}
    return {**body, "hopeless": True} if failed.hopeless else body


def _call_failed(body: Mapping[str, Any]) -> ActionFailed:
    return ActionFailed(body["call"], body["reason"], body.get("hopeless", False))


def _pattern_to_json(start: StartPattern) -> Json:
    return {"flow": start.flow, "context": dict(start.context)}


def _moved_to_json(moved: Moved) -> Json:
    return {"ways": [_way_to_json(way) for way in moved.ways], "lost": list(moved.lost)}


def _way_to_json(way: Way) -> list[Any]:
    return [way.old, way.new, {flow: dict(steps) for flow, steps in way.flows.items()}]


def _moved(body: Mapping[str, Any]) -> Moved:
    return Moved(tuple(Way(*way) for way in body["ways"]), tuple(body["lost"]))


def _failed_to_json(failed: Failed) -> Json:
    """With what was taken in, under its own kind."""
    body: Json = {"reason": failed.reason}
    if failed.taken is not None:
        kind = _KINDS[type(failed.taken)]
        body["taken"] = {kind: RECORDED[kind].to_json(failed.taken)}
    return {**body, "hopeless": True} if failed.hopeless else body


def _failed(body: Mapping[str, Any]) -> Failed:
    taken = (RECORDED[kind].from_json(each) for kind, each in body.get("taken", {}).items())
    return Failed(body["reason"], next(taken, None), hopeless=body.get("hopeless", False))


def _fit_all(values: Mapping[str, Any]) -> Json:
    return {name: _fit(value) for name, value in values.items()}


def _fit(value: Any) -> Any:
    """An action may give anything, and so may a program that answers for one."""
    return value if is_json(value) else _UNFIT


def _values(body: Mapping[str, Any]) -> Json:
    return {name: _value(value) for name, value in body.items()}


def _value(value: Any) -> Any:
    return nan if value == _UNFIT else value


def _commands(body: Iterable[Mapping[str, Any]]) -> tuple[Command, ...]:
    return tuple(command_from_json(each) for each in body)


RECORDED: Mapping[str, Recipe] = {
    "understood": Recipe(Heard, _heard_to_json, _heard),
    "moved": Recipe(Moved, _moved_to_json, _moved),
    "lapsed": Recipe(Lapsed, lambda _: {}, lambda _: Lapsed()),
    "given_away": Recipe(
        GivenAway, lambda given: {"wait": given.wait}, lambda body: GivenAway(body["wait"])
    ),
    "action_done": Recipe(ActionResult, _result_to_json, _result),
    "action_answered": Recipe(
        ActionAnswered, _answered_to_json, lambda body: ActionAnswered(body["call"], _result(body))
    ),
    "call_failed": Recipe(ActionFailed, _call_failed_to_json, _call_failed),
    "told": Recipe(Happened, _happened_to_json, _happened),
    "taken_over": Recipe(TakenOver, _taken_over_to_json, _taken_over),
    "hand_over": Recipe(HandOver, lambda _: {}, lambda _: HandOver()),
    "hand_back": Recipe(HandBack, lambda _: {}, lambda _: HandBack()),
    "pattern_wanted": Recipe(
        StartPattern,
        _pattern_to_json,
        lambda body: StartPattern(body["flow"], body["context"]),
    ),
    "failed": Recipe(Failed, _failed_to_json, _failed),
}
_KINDS = {recipe.made: kind for kind, recipe in RECORDED.items()}

"""The one place where rasa-sdk is met: our actions are its `Action`s, typed, run in process.

An action never awaits, so its coroutine is driven to its end without an event loop; the turn
it acts in travels in a context variable, not in the payload.
"""

from collections.abc import Coroutine, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar

from rasa_sdk import Action

from dialogs.actions.turn import Turn

_TURN: ContextVar[Turn] = ContextVar("turn")


class ShopAction(Action):  # type: ignore[misc]  # rasa-sdk has no py.typed
    """Subclass, set `called`, write `act`. Slots set on the turn come back as events."""

    called: ClassVar[str]

    def name(self) -> str:
        return self.called

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        turn = _TURN.get()
        self.act(turn)
        return [
            {"event": "slot", "name": name, "value": value}
            for name, value in turn.take_slot_changes().items()
        ]

    def act(self, turn: Turn) -> None:
        """What the action does, in plain synchronous code."""
        raise TypeError(type(self).__name__)


Registry = Mapping[str, ShopAction]


def registry(*actions: type[ShopAction]) -> Registry:
    """The allow-list: only these names can be run."""
    return {action.called: action() for action in actions}


def run_action(actions: Registry, name: str, turn: Turn) -> dict[str, Any]:
    """Run one action inside a turn; gives the slots it set."""
    token = _TURN.set(turn)
    try:
        events = _drive(actions[name].run(None, None, {}))
    finally:
        _TURN.reset(token)
    return {event["name"]: event["value"] for event in events}


def _drive(coroutine: Coroutine[Any, Any, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        coroutine.send(None)
    except StopIteration as done:
        events: list[dict[str, Any]] = done.value
        return events
    coroutine.close()
    raise TypeError("action_awaits")

"""Our own actions: plain synchronous code, run inside the transaction of the turn that asks for it.

serving.py shows each of them to a real Rasa as an action of rasa-sdk; here that library is not
needed, and not imported.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from dialogs.actions.turn import Turn


class ShopAction(ABC):
    """Subclass, set `called`, write `act`. The slots set on the turn are its result."""

    called: ClassVar[str]

    @abstractmethod
    def act(self, turn: Turn) -> None:
        """What the action does; it never awaits."""


Registry = Mapping[str, ShopAction]


def registry(*actions: type[ShopAction]) -> Registry:
    """The allow-list: only these names can be run."""
    return {action.called: action() for action in actions}


def run_action(actions: Registry, name: str, turn: Turn) -> dict[str, Any]:
    """Run one action inside a turn; gives the slots it set."""
    actions[name].act(turn)
    return turn.take_slot_changes()

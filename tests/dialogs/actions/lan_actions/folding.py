"""Actions that do what they should, and some that only mean to."""

import asyncio
import time
from typing import Any

from rasa_sdk import Action, ActionExecutionRejection, FormValidationAction
from rasa_sdk.events import FollowupAction, SlotSet

seen: list[Any] = []  # what each call of `action_look` was given


class Fold(Action):
    def name(self) -> str:
        return "action_fold"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        await asyncio.sleep(0)
        paper = tracker.get_slot("paper")
        dispatcher.utter_message(response="utter_folded", paper=f"{paper}!")
        dispatcher.utter_message(
            text="Or a boat?", buttons=[{"title": "Boat", "payload": "/SetSlots(shape=boat)"}]
        )
        return [SlotSet("shape", "crane")]


class FoldAtOnce(Fold):
    """As the old examples have it: a `run` that does not await."""

    def name(self) -> str:
        return "action_fold_at_once"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        return [SlotSet("shape", "boat")]


class ValidatePaper(FormValidationAction):
    """Changes the tracker in place; that is how rasa-sdk writes it."""

    def name(self) -> str:
        return "validate_paper"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: Any, tracker: Any, domain: Any
    ) -> list[str]:
        return [*domain_slots, "shape"]

    def extract_shape(self, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        return {}

    def validate_paper(
        self, value: Any, dispatcher: Any, tracker: Any, domain: Any
    ) -> dict[str, Any]:
        tracker.slots["left"] = tracker.events.pop()
        return {"paper": value.strip() if value else None}


class Look(Action):
    """Keeps what it was given and writes into it."""

    def name(self) -> str:
        return "action_look"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        seen.append(sorted(domain["slots"]))
        domain["slots"]["mine"] = {}
        tracker.slots.clear()
        return []


class Sleep(Action):
    def name(self) -> str:
        return "action_sleep"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        await asyncio.sleep(60)
        return []


class Block(Action):
    """Says that it awaits, and does not."""

    def name(self) -> str:
        return "action_block"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        time.sleep(0.5)  # noqa: ASYNC251  # that is the trap
        return []


class Hang(Action):
    def name(self) -> str:
        return "action_hang"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        time.sleep(0.5)
        return []


class Refuse(Action):
    def name(self) -> str:
        return "action_refuse"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raise ActionExecutionRejection(self.name())


class Break(Action):
    """`paper` says how."""

    def name(self) -> str:
        return "action_break"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        match tracker.get_slot("paper"):
            case "exit":
                raise SystemExit(3)
            case "cancel":
                raise asyncio.CancelledError
            case "object":
                return [SlotSet("shape", object())]
            case "large":
                return [SlotSet("shape", "x" * 2_000_000)]
        raise ZeroDivisionError


class BreakAtOnce(Action):
    def name(self) -> str:
        return "action_break_at_once"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        return [next(iter(()))]


class Overstep(Action):
    def name(self) -> str:
        return "action_overstep"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        return [SlotSet("shape", "crane"), SlotSet("order_total", 1)]


class Follow(Action):
    def name(self) -> str:
        return "action_follow"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        return [FollowupAction("action_place_order")]


class Unlisted(Action):
    def name(self) -> str:
        return "action_unlisted"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raise AssertionError

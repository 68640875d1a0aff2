"""The question to a language model: what may be started and filled here, and the message itself.

It is made of the pinned version alone: no product, no price, nothing that was said before, and
nobody's slots.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dialogs.format import Collect, Flow, FlowSet
from dialogs.understanding.context import Context
from dialogs.understanding.model.fillable import Fillable, fillable
from dialogs.understanding.model.reserved import is_reserved, proposable

_PROMPT = Path(__file__).parent / "prompt.yml"


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds where the message was said: `slots` are known values, for the guards of flows."""

    flow_set: FlowSet
    context: Context
    slots: Mapping[str, Any] = field(default_factory=dict)
    chat: str = "private"

    def flows(self) -> tuple[Flow, ...]:
        """What may be started now, by somebody who says nothing but that."""
        return tuple(flow for flow in proposable(self.flow_set) if self._is_open(flow))

    def open_flow(self) -> str | None:
        """What is going on, unless it is reserved: then nothing of it is a model's business."""
        flow = self.context.active_flow
        return flow if flow and not is_reserved(self.flow_set, flow) else None

    def fillable(self) -> dict[str, Fillable]:
        """Slots of the open flow and of those that may be started."""
        flows = [flow.id for flow in self.flows()]
        owners = [*flows, self.open_flow()]
        names = {slot for flow in owners if flow for slot in self.flow_set.owned.get(flow, ())}
        declared = self.flow_set.domain.slots
        found = ((name, fillable(declared[name])) for name in sorted(names) if name in declared)
        return {name: one for name, one in found if one is not None}

    def _is_open(self, flow: Flow) -> bool:
        if flow.id == self.context.active_flow:
            return False
        return flow.guard is None or flow.guard(self.slots, {"chat": self.chat})


@dataclass(frozen=True, slots=True)
class Question:
    """`text` is the message as it is sent: what is private has been blacked out."""

    merchant_id: str
    text: str
    scope: Scope


def messages_of(question: Question) -> list[dict[str, str]]:
    """The person's words are a value in a JSON document, never part of the instructions."""
    scope = question.scope
    asked = scope.context.asked
    told = {
        "flows": [{"id": flow.id, "description": flow.description} for flow in scope.flows()],
        "slots": [_told(one, scope.flow_set) for one in scope.fillable().values()],
        "open_flow": scope.open_flow(),
        "asked_slot": asked.slot if asked and scope.open_flow() else None,
        "message": question.text,
    }
    return [
        {"role": "system", "content": _prompt()["system"]},
        {"role": "user", "content": json.dumps(told, ensure_ascii=False)},
    ]


def schema_of(question: Question) -> dict[str, Any]:
    """Strict: every key is required, no other is allowed, and each list is closed."""
    flows = [flow.id for flow in question.scope.flows()]
    values = [_value_schema(one) for one in question.scope.fillable().values()]
    return _object(
        {
            "start": _list_of({"type": "string", "enum": flows} if flows else {"type": "null"}),
            "fill": _list_of({"anyOf": values} if values else {"type": "null"}),
            "unsure": {"type": "boolean"},
            "confidence": {"type": "number"},
        }
    )


def _value_schema(one: Fillable) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string"}
    if one.values:
        value["enum"] = list(one.values)
    return _object({"slot": {"type": "string", "enum": [one.slot.name]}, "value": value})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _told(one: Fillable, flow_set: FlowSet) -> dict[str, str]:
    about = next(_descriptions(flow_set, one.slot.name), None)
    return {"slot": one.slot.name, "about": about or _prompt()["kinds"][one.kind]}


def _descriptions(flow_set: FlowSet, slot: str) -> Iterator[str]:
    for flow in flow_set.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Collect) and step.slot == slot and step.description:
                yield step.description


@cache
def _prompt() -> Any:
    return YAML(typ="safe").load(_PROMPT.read_text(encoding="utf-8"))

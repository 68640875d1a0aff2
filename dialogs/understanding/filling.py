"""Values and intents into slots, by the mappings that the domain declares."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dialogs.engine.commands import SetSlot
from dialogs.format.domain import Slot, SlotMapping, SlotType
from dialogs.understanding.context import Context
from dialogs.understanding.outcome import Entity

FROM_ENTITY, FROM_INTENT, FROM_TEXT = "from_entity", "from_intent", "from_text"
_WANTED = "wanted"
_YOUNG = (("baby", 2), ("child", 12), ("teen", 17))  # the last year of each


@dataclass(frozen=True, slots=True)
class Findings:
    """What a message gave: its values, its intent, and what it looks for."""

    entities: tuple[Entity, ...]
    intent: str | None = None
    wanted: str | None = None


def fill(findings: Findings, slots: Iterable[str], context: Context) -> tuple[SetSlot, ...]:
    """Commands for those of these slots that the message has a value for."""
    commands: list[SetSlot] = []
    for name in sorted(slots):
        slot = context.slots.get(name)
        if slot is not None:
            commands += _fill_slot(slot, findings, context)
    return tuple(commands)


def _fill_slot(slot: Slot, findings: Findings, context: Context) -> list[SetSlot]:
    """The first mapping that gives something wins."""
    asked = context.asked is not None and context.asked.slot == slot.name
    for mapping in slot.mappings:
        if mapping.only_when_asked and not asked:
            continue
        values = [v for v in _values(mapping, findings, context) if _allowed(v, slot)]
        if values:
            return _set(slot, mapping, values)
    return []


def _set(slot: Slot, mapping: SlotMapping, values: list[Any]) -> list[SetSlot]:
    if mapping.append:
        return [SetSlot(slot.name, value, append=True) for value in values]
    if slot.type is SlotType.LIST:
        return [SetSlot(slot.name, values)]
    return [SetSlot(slot.name, values[0])]


def _values(mapping: SlotMapping, findings: Findings, context: Context) -> list[Any]:
    if mapping.type == FROM_INTENT:
        return [mapping.value] if mapping.intent and mapping.intent == findings.intent else []
    if mapping.type != FROM_ENTITY or mapping.entity is None:
        return []
    if mapping.entity == _WANTED:
        return [findings.wanted] if findings.wanted else []
    found = (slot_value(entity, mapping.entity, context) for entity in findings.entities)
    values = [value for value in found if value is not None]
    return [mapping.value] if values and mapping.value is not None else values


def _allowed(value: Any, slot: Slot) -> bool:
    if slot.type is SlotType.CATEGORICAL and slot.values:
        return value in slot.values
    return True


def slot_value(entity: Entity, kind: str, context: Context) -> Any:
    """What a slot keeps of a value, or None when it is of another kind."""
    if entity.kind == "date" and kind == "occasion":
        return entity.fields.get("festival")
    if entity.kind == "age" and kind == "young":
        return _young(entity)
    if entity.kind != kind or entity.fields.get("speaker"):
        return None
    shape = _SHAPES.get(kind)
    return shape(entity, context) if shape else entity.fields.get("value", entity.text)


def _money(entity: Entity, context: Context) -> dict[str, Any]:
    """A plain amount is what somebody wants to spend at most."""
    fields = dict(entity.fields)
    if fields["min"] == fields["max"] and not fields["approx"]:
        fields["min"] = None
    return {**fields, "currency": fields["currency"] or context.currency}


def _date(entity: Entity, _context: Context) -> dict[str, Any]:
    """`calendar` is `unclear` where a wrong guess would remind on the wrong day: ask."""
    fields = entity.fields
    moon = fields.get("lunar")
    on = date.fromisoformat(fields["date"])
    if moon and "ask" not in fields:
        day = {"calendar": "lunar", **moon}
    else:
        plain = fields.get("solar") or {"month": on.month, "day": on.day}
        day = {"calendar": "unclear" if "ask" in fields else "solar", **plain, "leap": False}
    extra = {key: fields[key] for key in ("year", "time", "until", "or") if key in fields}
    return {"date": fields["date"], **day, **extra}


def _young(entity: Entity) -> str | None:
    """Who is meant by an age alone; the speaker never is."""
    oldest = entity.fields["max"]
    if entity.fields.get("speaker") or oldest is None:
        return None
    return next((who for who, last in _YOUNG if oldest <= last), None)


def _exclusion(entity: Entity, _context: Context) -> str:
    """A tag where the word lists know one ("nuts"), else the person's own word."""
    refused = entity.fields["of"]
    value = refused.get("value") or refused.get("festival") or refused.get("id")
    return str(value or refused["text"])


_SHAPES: dict[str, Callable[[Entity, Context], Any]] = {
    "money": _money,
    "date": _date,
    "exclusion": _exclusion,
    "age": lambda entity, _: {"min": entity.fields["min"], "max": entity.fields["max"]},
    "product": lambda entity, _: entity.fields["id"],
}

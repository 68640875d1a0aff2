"""A small shop to understand messages in: slots, flows, and how they are filled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from data.kernel.locales import Locale
from dialogs.engine.commands import SetSlot
from dialogs.format import read
from dialogs.format.domain import Slot, SlotMapping, SlotType
from dialogs.understanding import Asked, Context, Offered, Understood
from dialogs.understanding.lexicon import LANGUAGES

TODAY = date(2026, 11, 21)
CURRENCIES = {Locale.EN: "USD", Locale.ZH_HANS: "CNY", Locale.ZH_HANT: "TWD"}


def _entity(kind: str, *, append: bool = False) -> SlotMapping:
    return SlotMapping("from_entity", entity=kind, append=append)


def _step(intent: str) -> SlotMapping:
    return SlotMapping("from_intent", intent=intent, value=intent, only_when_asked=True)


_TEXT_WHEN_ASKED = SlotMapping("from_text", only_when_asked=True)
SLOTS = {
    slot.name: slot
    for slot in (
        Slot("recipient", SlotType.TEXT, mappings=(_entity("relation"),)),
        Slot("occasion", SlotType.TEXT, mappings=(_entity("occasion"),)),
        Slot("budget", SlotType.ANY, mappings=(_entity("money"),)),
        Slot("recipient_age", SlotType.ANY, mappings=(_entity("age"),)),
        Slot("interests", SlotType.LIST, mappings=(_entity("interest", append=True),)),
        Slot("excluded", SlotType.LIST, mappings=(_entity("exclusion", append=True),)),
        Slot("gift_choice", SlotType.TEXT, mappings=tuple(map(_step, ("cheaper", "more")))),
        Slot("quantity", SlotType.FLOAT, mappings=(_entity("quantity"),)),
        Slot("address", SlotType.ANY, mappings=(_TEXT_WHEN_ASKED,), private=True),
        Slot("confirm", SlotType.BOOL),
        Slot("delivery", SlotType.CATEGORICAL, values=("standard", "express")),
        Slot("occasion_date", SlotType.ANY, mappings=(_entity("date"),)),
        Slot("wanted", SlotType.TEXT, mappings=(_entity("wanted"),)),
        Slot("attribute", SlotType.TEXT, mappings=(_entity("attribute"),)),
        Slot("product", SlotType.TEXT, mappings=(_entity("product"),)),
    )
}
FLOWS = {
    "gift_finder": frozenset(
        {"recipient", "occasion", "budget", "recipient_age", "interests", "excluded", "gift_choice"}
    ),
    "checkout": frozenset({"product", "quantity", "address", "confirm", "delivery"}),
    "remember_occasion": frozenset({"recipient", "occasion", "occasion_date"}),
    "search": frozenset({"wanted", "budget"}),
    "product_question": frozenset({"attribute", "product"}),
    "start_group_buy": frozenset({"wanted", "quantity", "product"}),
    "join_group_buy": frozenset({"quantity"}),
}
TRIGGERS = {
    "gift_find": "gift_finder", "buy": "checkout", "reminder_add": "remember_occasion",
    "product_search": "search", "product_question": "product_question",
    "group_buy_start": "start_group_buy", "group_buy_join": "join_group_buy",
    "group_buy_leave": "leave_group_buy", "order_status": "order_status",
    "order_cancel": "cancel_order", "reminder_list": "reminders",
    "reminder_delete": "forget_occasion", "change_address": "change_address",
    "stop_messages": "stop_messages",
}  # fmt: skip
IDEAS = (
    Offered("Tea set", "/SetSlots(gift_choice=prd_tea)", 1),
    Offered("丝巾", "/SetSlots(gift_choice=prd_scarf)", 2),
    Offered("Chalk bag", "/SetSlots(gift_choice=prd_chalk)", 3),
    Offered("Show more", "/SetSlots(gift_choice=more)", 0),
)


def a_context(
    *,
    asked: str | None = None,
    flow: str | None = None,
    offered: tuple[Offered, ...] = (),
    locale: Locale = Locale.EN,
    team_open: bool = False,
    **more: Any,
) -> Context:
    """In the middle of `flow`, with the question `asked` open."""
    slot = SLOTS[asked] if asked else None
    return Context(
        locale=locale, today=TODAY, currency=CURRENCIES[locale], offered=offered,
        asked=Asked(slot.name, slot.type, slot.values) if slot else None,
        slots=SLOTS, triggers=TRIGGERS, flow_slots=FLOWS, active_flow=flow,
        active_slots=FLOWS[flow] if flow else frozenset(), team_open=team_open, **more,
    )  # fmt: skip


def slots_of(understood: Understood) -> dict[str, Any]:
    """What the commands set; lists that are added to come as lists."""
    found: dict[str, Any] = {}
    for command in understood.commands:
        if isinstance(command, SetSlot) and command.append:
            found.setdefault(command.slot, []).append(command.value)
        elif isinstance(command, SetSlot):
            found[command.slot] = command.value
    return found


@dataclass(frozen=True)
class Row:
    """One line of a language's own tests."""

    file: Path
    line: int
    locale: Locale
    text: str
    wants: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.locale.value}/{self.file.name}:{self.line} {self.text}"


def rows(name: str, part: str = "rows") -> Iterator[Row]:
    """Rows of `tests/<name>.yml` of every language, with their line for the failure."""
    for file in sorted(LANGUAGES.glob(f"*/tests/{name}.yml")):
        locale = Locale(file.parent.parent.name)
        source = read(str(file), file.read_text(encoding="utf-8"))
        for index, row in enumerate(source.data[part]):
            wants = {key: value for key, value in row.items() if key != "text"}
            yield Row(file, source.at((part, index)).line, locale, str(row["text"]), wants)

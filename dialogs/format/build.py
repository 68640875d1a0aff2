"""Makes the typed domain and flows out of a document whose shape has been checked."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from dialogs.format.build_steps import StepsOfFlow, condition
from dialogs.format.documents import Document
from dialogs.format.domain import (
    Domain,
    Response,
    ResponseButton,
    Slot,
    SlotMapping,
    SlotType,
    Variant,
)
from dialogs.format.flow import Flow, FlowSet, Trigger


def canonical(data: Mapping[str, Any]) -> str:
    """The one way to write a document down; its SHA-256 names the version."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def build(document: Document) -> FlowSet:
    """What can be built; mistakes met on the way are reported on the document."""
    data = document.data
    flows = {
        name: _flow(document, name, raw)
        for name, raw in data["flows"].items()
        if ("flows", name) not in document.broken
    }
    sha = FlowSha(hashlib.sha256(canonical(data).encode()).hexdigest())
    return FlowSet(flows=flows, domain=_domain(document), sha=sha, document=data)


def _flow(document: Document, name: str, raw: Mapping[str, Any]) -> Flow:
    guard = raw.get("if")
    return Flow(
        id=name,
        description=raw["description"],
        steps=StepsOfFlow(document, name, raw).steps,
        titles=_titles(name, raw),
        guard=None if guard is None else condition(document, guard, ("flows", name, "if")),
        triggers=tuple(_trigger(entry["intent"]) for entry in raw.get("nlu_trigger", ())),
        persisted=frozenset(raw.get("persisted_slots", ())),
        run_pattern_completed=raw.get("run_pattern_completed", True),
        always_include_in_prompt=raw.get("always_include_in_prompt", False),
        private=raw.get("x-private", False),
    )


def _titles(name: str, raw: Mapping[str, Any]) -> dict[Locale, str]:
    translated = raw.get("translation", {})
    fallback = raw.get("name", name)
    return {locale: translated.get(locale.value, {}).get("name", fallback) for locale in Locale}


def _trigger(intent: str | Mapping[str, Any]) -> Trigger:
    if isinstance(intent, str):
        return Trigger(intent)
    return Trigger(intent["name"], intent.get("confidence_threshold"))


def _domain(document: Document) -> Domain:
    data = document.data
    return Domain(
        slots={
            name: _slot(name, raw)
            for name, raw in data["slots"].items()
            if ("slots", name) not in document.broken
        },
        responses={name: _response(name, raw) for name, raw in data["responses"].items()},
        actions=frozenset(data["actions"]),
        intents=frozenset(data["intents"]),
    )


def _slot(name: str, raw: Mapping[str, Any]) -> Slot:
    return Slot(
        name=name,
        type=SlotType(raw["type"]),
        initial=raw.get("initial_value"),
        values=tuple(raw.get("values", ())),
        mappings=tuple(_mapping(mapping) for mapping in raw.get("mappings", ())),
        private=raw.get("x-private", False),
    )


def _mapping(raw: Mapping[str, Any]) -> SlotMapping:
    return SlotMapping(
        type=raw["type"],
        entity=raw.get("entity"),
        intent=raw.get("intent"),
        value=raw.get("value"),
        append=raw.get("x-append", False),
        only_when_asked=raw.get("x-only-when-asked", False),
    )


def _response(name: str, raw: Mapping[str, Any]) -> Response:
    return Response(
        name=name,
        text={Locale(tag): text for tag, text in raw["text"].items()},
        buttons=_buttons(raw["buttons"]),
        private=raw["private"],
        offer=raw.get("offer", False),
        variants=tuple(_variant(one) for one in raw.get("variants", ())),
    )


def _variant(raw: Mapping[str, Any]) -> Variant:
    return Variant(
        needs=tuple((need["name"], need["value"]) for need in raw["condition"]),
        text={Locale(tag): text for tag, text in raw["text"].items()},
        buttons=_buttons(raw["buttons"]),
    )


def _buttons(per_locale: Mapping[str, list[dict[str, Any]]]) -> tuple[ResponseButton, ...]:
    """The same buttons in every language; the linter has checked that they match."""
    first = next(iter(per_locale.values()), [])
    return tuple(
        ResponseButton(
            title={
                Locale(tag): buttons[index]["title"]
                for tag, buttons in per_locale.items()
                if index < len(buttons)
            },
            payload=button["payload"],
        )
        for index, button in enumerate(first)
    )

"""Every sentence exists in all three languages, with the same gaps and the same buttons."""

from typing import Any

from data.kernel.locales import Locale
from dialogs.format.documents import Document
from dialogs.format.flow import FlowSet, Path
from dialogs.format.lint_names import nearest
from dialogs.format.lint_values import misfit
from dialogs.format.placeholders import BRACES, GAP, TEMPLATE, gaps_of
from dialogs.format.values import is_allowed


def check_responses(document: Document, flow_set: FlowSet) -> None:
    for name, raw in document.data["responses"].items():
        path: Path = ("responses", name)
        if not raw["text"]:
            document.report("missing_default", path, name=name)
        else:
            _check_sentence(document, flow_set, {**raw, "name": name}, path)
        for number, variant in enumerate(raw.get("variants", ())):
            one = {**variant, "private": raw["private"], "name": name}
            _check_sentence(document, flow_set, one, path, ("variants", number))
            _check_needs(document, flow_set, variant, (*path, *_first(variant, number)))


def _first(variant: dict[str, Any], number: int) -> Path:
    return (next(iter(variant["text"])), "variants", number)


def _check_sentence(
    document: Document, flow_set: FlowSet, raw: dict[str, Any], path: Path, within: Path = ()
) -> None:
    """`within`: where in each language's entry it stands."""
    missing = [locale.value for locale in Locale if locale.value not in raw["text"]]
    if missing:
        where = (*path, next(iter(raw["text"])), *within) if within else path
        document.report("missing_language", where, name=raw["name"], wanted=", ".join(missing))
    _check_gaps(document, raw, path, within)
    _check_buttons(document, raw, path, within)
    _check_private(document, flow_set, raw, path, within)


def _check_needs(
    document: Document, flow_set: FlowSet, variant: dict[str, Any], path: Path
) -> None:
    for index, need in enumerate(variant["condition"]):
        where = (*path, "condition", index)
        slot = flow_set.domain.slots.get(need["name"])
        if slot is None:
            known = document.data["slots"]
            wanted = nearest(need["name"], known)
            document.report("unknown_slot", (*where, "name"), name=need["name"], wanted=wanted)
        elif not is_allowed(slot, need["value"]):
            misfit(document, slot, need["value"], (*where, "value"))


def _texts(raw: dict[str, Any], locale: str) -> list[str]:
    """The sentence and its buttons' titles."""
    return [raw["text"][locale], *(button["title"] for button in raw["buttons"][locale])]


def _check_gaps(document: Document, raw: dict[str, Any], path: Path, within: Path) -> None:
    first: frozenset[str] | None = None
    for locale in raw["text"]:
        texts = _texts(raw, locale)
        for text in texts:
            for braces in BRACES.findall(text):
                if not GAP.fullmatch(braces) and not any(mark in text for mark in TEMPLATE):
                    document.report("bad_gap", (*path, locale, *within, "text"), name=braces)
        gaps = gaps_of(*texts)
        first = gaps if first is None else first
        if gaps != first:
            differing = ", ".join(sorted(gaps ^ first))
            document.report("gaps_differ", (*path, locale, *within, "text"), name=differing)


def _check_buttons(document: Document, raw: dict[str, Any], path: Path, within: Path) -> None:
    payloads = {
        locale: [button["payload"] for button in raw["buttons"][locale]] for locale in raw["text"]
    }
    wanted = next(iter(payloads.values()), [])
    for locale, found in payloads.items():
        if found != wanted:
            document.report("buttons_differ", (*path, locale, *within), name=str(path[1]))


def _check_private(
    document: Document, flow_set: FlowSet, raw: dict[str, Any], path: Path, within: Path
) -> None:
    """What only one person may see must not be said in a response that a group may see."""
    if raw["private"]:
        return
    slots = flow_set.domain.slots
    told: set[str] = set()
    for locale in raw["text"]:
        for gap in sorted(gaps_of(*_texts(raw, locale)) - told):
            if gap in slots and slots[gap].private:
                told.add(gap)
                where = (*path, locale, *within, "text")
                document.report("private_gap", where, name=gap, response=str(path[1]))

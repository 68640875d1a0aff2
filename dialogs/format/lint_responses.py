"""Every sentence exists in all three languages, with the same gaps and the same buttons."""

from typing import Any

from data.kernel.locales import Locale
from dialogs.format.documents import Document
from dialogs.format.flow import FlowSet, Path
from dialogs.format.placeholders import BRACES, GAP, TEMPLATE, gaps_of


def check_responses(document: Document, flow_set: FlowSet) -> None:
    for name, raw in document.data["responses"].items():
        path: Path = ("responses", name)
        missing = [locale.value for locale in Locale if locale.value not in raw["text"]]
        if missing:
            wanted = ", ".join(missing)
            document.report("missing_language", path, name=name, wanted=wanted)
        _check_gaps(document, raw, path)
        _check_buttons(document, raw, path)
        _check_private(document, flow_set, raw, path)


def _texts(raw: dict[str, Any], locale: str) -> list[str]:
    """The sentence and its buttons' titles."""
    return [raw["text"][locale], *(button["title"] for button in raw["buttons"][locale])]


def _check_gaps(document: Document, raw: dict[str, Any], path: Path) -> None:
    first: frozenset[str] | None = None
    for locale in raw["text"]:
        texts = _texts(raw, locale)
        for text in texts:
            for braces in BRACES.findall(text):
                if not GAP.fullmatch(braces) and not any(mark in text for mark in TEMPLATE):
                    document.report("bad_gap", (*path, locale, "text"), name=braces)
        gaps = gaps_of(*texts)
        first = gaps if first is None else first
        if gaps != first:
            differing = ", ".join(sorted(gaps ^ first))
            document.report("gaps_differ", (*path, locale, "text"), name=differing)


def _check_buttons(document: Document, raw: dict[str, Any], path: Path) -> None:
    payloads = {
        locale: [button["payload"] for button in raw["buttons"][locale]] for locale in raw["text"]
    }
    wanted = next(iter(payloads.values()), [])
    for locale, found in payloads.items():
        if found != wanted:
            document.report("buttons_differ", (*path, locale), name=str(path[1]))


def _check_private(document: Document, flow_set: FlowSet, raw: dict[str, Any], path: Path) -> None:
    """What only one person may see must not be said in a response that a group may see."""
    if raw["private"]:
        return
    slots = flow_set.domain.slots
    told: set[str] = set()
    for locale in raw["text"]:
        for gap in sorted(gaps_of(*_texts(raw, locale)) - told):
            if gap in slots and slots[gap].private:
                told.add(gap)
                where = (*path, locale, "text")
                document.report("private_gap", where, name=gap, response=str(path[1]))

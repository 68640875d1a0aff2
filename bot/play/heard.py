"""Recorded understanding: `gift.heard.yml` beside `gift.yml` says what each message meant.

A story that has one does not change when the classifier does. Entries are one line each:
{"text": …, "context": {…}, "link": …, "commands": […]}; an answer to a list is kept by its
place and label (`offered`), for the ids behind it are others in every shop.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from bot.play.finding import RECORDED
from bot.play.plain import Plain
from bot.play.story import StoryError
from data.kernel.locales import Locale
from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.understanding import Context, Entity, Offered, Understood, parse_payload, understand

Entry = Mapping[str, Any]
_KINDS = {kind.__name__: kind for kind in get_args(Command)}
_ENTRY = ("text", "context", "link", "language", "intent", "confidence", "entities", "commands",
          "model", "offered", "among")  # fmt: skip


class Unheard(Exception):
    """Nothing is recorded for this message here; `known`: where the same words were heard."""

    def __init__(self, text: str, context: Entry, known: Iterable[Entry]) -> None:
        super().__init__(f"{text} {_line(context)}")
        self.known = [_line(entry) for entry in known]


def beside(story: str | Path) -> Path:
    """Where it is kept what the messages of this file mean."""
    return Path(story).with_suffix(RECORDED)


def read_heard(file: str, written: str) -> list[Entry]:
    """StoryError names the line of whatever is no entry."""
    plain = Plain(file, written)
    top = plain.mapping(plain.data, (), ("heard",)) if not plain.problems else {}
    entries = plain.listed(top.get("heard", []), ("heard",)) if top else []
    for index, entry in enumerate(entries):
        path = ("heard", index)
        known = plain.mapping(entry, path, _ENTRY)
        for word in ("text", "context", "link", "language"):
            if word not in known:
                plain.wrong("missing", path, name=word)
        for command in plain.listed(known.get("commands", []), (*path, "commands")):
            if not _is_command(command):
                plain.wrong("command", path, name=str(command))
    if plain.problems:
        raise StoryError(plain.problems)
    return entries


def write_heard(entries: Iterable[Entry]) -> str:
    lines = sorted({_line(entry) for entry in entries})
    return "".join(["heard:\n", *(f"- {line}\n" for line in lines)])


class Replaying:
    """Understands by what was recorded, and asks nobody."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = list(entries)

    def __call__(self, text: str, context: Context) -> Understood:
        here = _here(context)
        same = [entry for entry in self._entries if entry["text"] == text]
        found = _among([entry for entry in same if entry["context"] == here], context)
        if found is None:
            raise Unheard(text, here, same)
        understood = _understood(found, context)
        if any(_is_stale(command, context) for command in understood.commands):
            raise Unheard(text, here, [found])
        return understood


class Recording:
    """Understands as ever, and notes what came out."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __call__(self, text: str, context: Context) -> Understood:
        understood = understand(text, context)
        entry = _entry(text, context, understood)
        here = (text, _here(context))
        same = [one for one in self.entries if (one["text"], one["context"]) == here]
        before = _among(same, context)
        if before is None or _understood(before, context) != understood:
            self.entries.append({**entry, "among": _labels(context)} if same else entry)
        return understood


def _here(context: Context) -> dict[str, Any]:
    """What a meaning depends on; the defaults are left out."""
    asked = context.asked.slot if context.asked else None
    here = {
        "locale": context.locale.value,
        "today": context.today.isoformat(),
        "asked": asked,
        "flow": context.active_flow,
        "team_open": context.team_open,
        "line_open": context.line_open,
        "day_saved": context.day_saved,
    }
    return {name: value for name, value in here.items() if value}


def _among(entries: list[Entry], context: Context) -> Entry | None:
    """The entry for exactly this list, else one that chose nothing or something offered here."""
    labels = _labels(context)
    exact = [entry for entry in entries if entry.get("among") == labels]
    loose = [
        entry
        for entry in entries
        if "among" not in entry and entry.get("offered") in (None, *labels)
    ]
    return next(iter((*exact, *loose)), None)


def _labels(context: Context) -> list[str]:
    return [_label(option) for option in context.offered]


def _label(option: Offered) -> str:
    """`2. Pick this`: the cards of a list have the same button."""
    return f"{option.number}. {option.label}" if option.number else option.label


def _entry(text: str, context: Context, understood: Understood) -> Entry:
    said = {
        name: value
        for name, value in understood.to_json().items()
        if value is not None and value != []
    }
    label = _chosen(context, understood)
    if label is not None:
        del said["commands"]
        said["offered"] = label
    entry = {"text": text, "context": _here(context), **said}
    return dict(json.loads(_line(entry)))


def _chosen(context: Context, understood: Understood) -> str | None:
    """The label of the option whose payload these commands are."""
    for option in context.offered:
        if understood.commands and parse_payload(option.payload) == understood.commands:
            return _label(option)
    return None


def _understood(entry: Entry, context: Context) -> Understood:
    commands = tuple(_command(one) for one in entry.get("commands", ()))
    for option in context.offered:
        if _label(option) == entry.get("offered"):
            commands = parse_payload(option.payload) or ()
    return Understood(
        commands,
        Locale(entry["language"]),
        entry["link"],
        entry.get("intent"),
        entry.get("confidence", 1.0),
        tuple(_entity(one) for one in entry.get("entities", ())),
        entry.get("model"),
    )


def _is_stale(command: Command, context: Context) -> bool:
    """It names a flow or a slot that is no longer there; the engine would pass over it."""
    if isinstance(command, StartFlow):
        return command.flow not in context.flow_slots
    return isinstance(command, SetSlot) and command.slot not in context.slots


def _is_command(said: Any) -> bool:
    name = said.get("command") if isinstance(said, Mapping) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    return kind is not None and said.keys() - {"command"} <= {part.name for part in fields(kind)}


def _command(said: Mapping[str, Any]) -> Command:
    values = {
        name: tuple(value) if name == "flows" else value
        for name, value in said.items()
        if name != "command"
    }
    made: Command = _KINDS[said["command"]](**values)
    return made


def _entity(said: Mapping[str, Any]) -> Entity:
    head = {name: said[name] for name in ("kind", "start", "end", "text")}
    return Entity(**head, fields={name: said[name] for name in said.keys() - head.keys()})


def _line(value: Entry) -> str:
    return json.dumps(value, ensure_ascii=False)

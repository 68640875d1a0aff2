"""What stands above the cases of a story file: fixtures, metadata, stubs, by their names."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.play.plain import Plain
from bot.play.story import Given, Stub
from bot.play.words import METADATA, Path

_SCOPE = "::"  # `name of a case::action`: a stub for that case alone
_STUB = ("events", "responses")
_EVENT = ("event", "name", "value")
_RESPONSE = ("text", "response", "buttons")


class Sections:
    """Read once for a file; its cases take from here by name."""

    def __init__(self, plain: Plain, top: Mapping[str, Any]) -> None:
        self._plain = plain
        self._fixtures = {
            name: [*self._slots(value, path)] for name, value, path in self._named(top, "fixtures")
        }
        self._metadata = {
            name: self._about(value, path) for name, value, path in self._named(top, "metadata")
        }
        self._stubs = [*self._stubbed(top.get("stub_custom_actions", {}))]

    def fixtures(self, names: Any, path: Path) -> tuple[Given, ...]:
        found = [self._one("fixtures", self._fixtures, name, at) for name, at in _each(names, path)]
        return tuple(given for slots in found for given in slots or ())

    def metadata(self, names: Any, path: Path) -> Mapping[str, Any]:
        """Later names win."""
        together: dict[str, Any] = {}
        for name, at in _each(names, path):
            together |= self._one("metadata", self._metadata, name, at) or {}
        return together

    def stubs(self, case: str) -> tuple[Stub, ...]:
        """A stub for this case alone comes before one for all."""
        mine = {stub.action: stub for scope, stub in self._stubs if scope is None}
        mine |= {stub.action: stub for scope, stub in self._stubs if scope == case}
        return tuple(mine.values())

    def know(self, cases: set[str]) -> None:
        """A stub for a case that is not there would stub nothing."""
        for scope, stub in self._stubs:
            if scope is not None and scope not in cases:
                self._plain.tell("no_such_case", stub.at, name=scope)

    def _one(self, section: str, known: Mapping[str, Any], name: Any, path: Path) -> Any:
        if isinstance(name, str) and name in known:
            return known[name]
        self._plain.wrong("no_such_name", path, name=str(name), section=section)
        return None

    def _named(self, top: Mapping[str, Any], section: str) -> Iterator[tuple[str, Any, Path]]:
        """Rasa's list of maps with one name each; a plain map says the same."""
        seen: set[str] = set()
        for item, path in _each(top.get(section, []), (section,)):
            for name, value in self._plain.mapping(item, path).items():
                if name in seen:
                    self._plain.wrong("twice", (*path, name), key=True, name=name)
                seen.add(name)
                yield name, value, (*path, name)

    def _slots(self, value: Any, path: Path) -> Iterator[Given]:
        """`- slot: value`, or a map of several."""
        for item, at in _each(value, path):
            for slot, filled in self._plain.mapping(item, at).items():
                yield Given(slot, filled, self._plain.at((*at, slot), key=True))

    def _about(self, value: Any, path: Path) -> dict[str, Any]:
        about = dict(self._plain.mapping(value, path, METADATA))
        for key in about.keys() & METADATA.keys():
            self._plain.passes(METADATA[key], about[key], (*path, key))
        return {key: str(said) for key, said in about.items() if key in METADATA}

    def _stubbed(self, section: Any) -> Iterator[tuple[str | None, Stub]]:
        top: Path = ("stub_custom_actions",)
        for name, value in self._plain.mapping(section, top).items():
            scope, _, action = name.rpartition(_SCOPE)
            path = (*top, name)
            body = self._plain.mapping(value, path, _STUB)
            yield (
                scope or None,
                Stub(
                    action,
                    self._set(body.get("events", []), (*path, "events")),
                    tuple(self._said(body.get("responses", []), (*path, "responses"))),
                    self._plain.at(path, key=True),
                ),
            )

    def _set(self, events: Any, path: Path) -> dict[str, Any]:
        """An action may fill slots; whatever else its events are in Rasa, flows decide here."""
        slots: dict[str, Any] = {}
        for index, raw in enumerate(self._plain.listed(events, path)):
            event = self._plain.mapping(raw, (*path, index), _EVENT)
            if event.get("event") != "slot" or "name" not in event:
                self._plain.wrong("stub_event", (*path, index), name=str(event.get("event")))
                continue
            slots[str(event["name"])] = event.get("value")
        return slots

    def _said(self, responses: Any, path: Path) -> Iterator[Mapping[str, Any]]:
        for index, raw in enumerate(self._plain.listed(responses, path)):
            response = self._plain.mapping(raw, (*path, index), _RESPONSE)
            if len({"text", "response"} & response.keys()) != 1:
                self._plain.wrong("stub_response", (*path, index))
                continue
            below = (*path, index, "buttons")
            for at, button in enumerate(self._plain.listed(response.get("buttons", []), below)):
                self._plain.mapping(button, (*below, at), ("title", "payload"))
            yield response


def _each(value: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """One, or a list of several, with their places."""
    if isinstance(value, list):
        yield from ((one, (*path, index)) for index, one in enumerate(value))
    elif value is not None:
        yield value, path

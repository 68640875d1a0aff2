"""Many files become one document: `{flows, slots, responses, actions, intents}`, plain JSON data.

A file below a language folder (`…/zh-Hans/responses.yml`) holds that language's responses only;
they are merged by name, so that a translator edits one file. Metadata never enters the document:
moving a box on the canvas does not make a new version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from data.kernel.locales import Locale
from dialogs.format.flow import Path
from dialogs.format.problems import Position, Problem
from dialogs.format.readable import IGNORED, readable_flow, words_in
from dialogs.format.reader import Source, read
from dialogs.format.shape import check_shape


@dataclass(slots=True)
class Document:
    """`origins` remembers which file each part came from; `broken` parts are not read further.
    `is_whole` unless a file could not be read at all: what seems missing may stand there.
    `gaps`: what was left out of flows that are read; `unread`: names that stand in what was left
    out, here or anywhere; `open_ways`: flows of which not every way is known."""

    data: dict[str, Any] = field(
        default_factory=lambda: {
            "flows": {}, "slots": {}, "responses": {}, "actions": [], "intents": [],
        }
    )  # fmt: skip
    problems: list[Problem] = field(default_factory=list)
    origins: dict[Path, tuple[Source, Path]] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)
    is_whole: bool = True
    gaps: set[Path] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    open_ways: set[str] = field(default_factory=set)

    def has_gap(self, path: Path) -> bool:
        """Whether something was left out here, or further inside."""
        return any(gap[: len(path)] == path for gap in self.gaps)

    def at(self, path: Path, *, key: bool = False) -> Position:
        """The place of this part of the document in the file it came from."""
        source, origin = self._origin(path)
        return source.at(origin, key=key) if source else Position()

    def _origin(self, path: Path) -> tuple[Source | None, Path]:
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                source, origin = self.origins[path[:length]]
                return source, origin + path[length:]
        return None, path

    def value(self, path: Path) -> Any:
        """What stands there."""
        found: Any = self.data
        for part in path:
            found = found[part]
        return found

    def report(
        self,
        code: str,
        path: Path,
        *,
        key: bool = False,
        kinds: tuple[str, ...] = (),
        **values: str,
    ) -> None:
        self.problems.append(Problem(code, self.at(path, key=key), values, kinds=kinds))

    def warn(self, code: str, path: Path, **values: str) -> None:
        self.problems.append(Problem(code, self.at(path), values, warning=True))

    def report_inside(self, problem: Problem, path: Path, text: str, offset: int) -> None:
        """At a character of a text, wherever that stands in the file."""
        source, origin = self._origin(path)
        at = source.inside(origin, text, offset) if source else Position()
        self.problems.append(replace(problem, at=at))


def merge(sources: Mapping[str, str]) -> Document:
    """Read and check every file, then put their parts together."""
    document = Document()
    for file, text in sources.items():
        source = read(file, text)
        document.problems += source.problems
        if isinstance(source.data, dict):
            _add(document, source, locale_of(file))
            continue
        document.is_whole = False
        if not source.problems:
            document.problems.append(Problem("file_empty", Position(file)))
    document.data["actions"].sort()
    document.data["intents"].sort()
    return document


def locale_of(file: str) -> Locale | None:
    """The language whose folder a file lies in."""
    folders = set(PurePath(file).parts[:-1])
    return next((locale for locale in Locale if locale.value in folders), None)


def _add(document: Document, source: Source, locale: Locale | None) -> None:
    if locale is not None:
        _add_language(document, source, locale)
        return
    problems = check_shape(source)
    document.problems += problems
    for section in source.data.keys() - document.data.keys():
        document.unread |= words_in(source.data[section])
    for section in ("flows", "slots"):
        for name in _part(document, source, section, dict):
            _add_named(document, source, (section, name), is_sound=not problems)
    for section in ("actions", "intents"):
        for index, name in enumerate(_part(document, source, section, list)):
            _add_listed(document, source, (section, index), name)
    for name, sentences in _part(document, source, "responses", dict).items():
        _add_response(document, source, ("responses", name), sentences)


def _part(document: Document, source: Source, section: str, kind: type) -> Any:
    """A section of the file, or an empty one where it is missing or unreadable."""
    part = source.data.get(section)
    if isinstance(part, kind) and (section,) not in source.broken:
        return part
    document.unread |= words_in(part)
    return kind()


def _add_listed(document: Document, source: Source, path: Path, name: Any) -> None:
    section = str(path[0])
    if path in source.broken:
        document.unread |= words_in(name)
        return
    document.origins.setdefault((section, name), (source, path))
    if name not in document.data[section]:
        document.data[section].append(name)


def _add_named(document: Document, source: Source, path: Path, *, is_sound: bool) -> None:
    section, name = str(path[0]), str(path[1])
    if path in document.origins:
        document.problems.append(
            Problem("defined_twice", source.at(path, key=True), {"name": str(name)})
        )
        return
    document.origins[path] = (source, path)
    document.data[section][name] = _stripped(source.data[section][name])
    if section == "flows" and not is_sound:
        _leave_out(document, source, path)
    elif source.is_broken(path):
        document.broken.add(path)


def _leave_out(document: Document, source: Source, path: Path) -> None:
    """What cannot be read of a flow; a flow of which nothing can be is known by its name alone."""
    name = str(path[1])
    found = readable_flow(source, name)
    document.gaps |= found.gaps
    document.unread |= found.words
    if found.data is None:
        document.broken.add(path)
    elif found.gaps:
        document.data["flows"][name] = found.data
        document.origins |= {here: (source, there) for here, there in found.moved.items()}
    if found.open_ways:
        document.open_ways.add(name)


def _stripped(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _stripped(value) for key, value in data.items() if key not in IGNORED}
    return [_stripped(item) for item in data] if isinstance(data, list) else data


def _add_language(document: Document, source: Source, locale: Locale) -> None:
    wrapped = "responses" in source.data
    responses = source.data["responses"] if wrapped else source.data
    inner = Source(source.file, responses, source.values, source.keys)
    if wrapped:
        inner.values = {path[1:]: at for path, at in source.values.items() if path}
        inner.keys = {path[1:]: at for path, at in source.keys.items() if path}
    problems = check_shape(inner, "responses")
    document.problems += problems
    if not isinstance(responses, dict):
        document.broken.add(("responses",))
        return
    for name, sentences in responses.items():
        if inner.is_broken((name,)):
            document.unread.add(name)
            continue
        for index, sentence in enumerate(sentences):
            _add_sentence(document, inner, (name, index), sentence, locale)


def _add_response(document: Document, source: Source, path: Path, sentences: Any) -> None:
    """A response of the domain: `text` says it in several languages at once."""
    if source.is_broken(path):
        document.unread.add(str(path[1]))
        return
    for index, sentence in enumerate(sentences):
        texts, where = sentence["text"], (*path, index)
        if isinstance(texts, str):
            texts = dict.fromkeys(Locale, texts)
            at = source.at((*where, "text"))
            document.problems.append(Problem("text_without_language", at))
        for locale, text in texts.items():
            buttons = [_titled(button, locale) for button in sentence.get("buttons", [])]
            one = {**sentence, "text": text, "buttons": buttons}
            _add_sentence(document, source, where, one, Locale(locale))


def _titled(button: Mapping[str, Any], locale: str) -> dict[str, Any]:
    title = button["title"]
    return {**button, "title": title if isinstance(title, str) else title.get(locale, "")}


def _add_sentence(
    document: Document, source: Source, path: Path, sentence: dict[str, Any], locale: Locale
) -> None:
    """One of the sentences of a response, in one language; `path` ends with its number."""
    name = str(path[-2])
    entry = document.data["responses"].setdefault(
        name, {"text": {}, "buttons": {}, "private": False}
    )
    document.origins.setdefault(("responses", name), (source, path[:-1]))
    place: Path = ("responses", name, locale.value)
    said = entry
    if "condition" in sentence:
        said = _variant(entry, sentence, locale)
        place = (*place, "variants", entry["variants"].index(said))
    if place in document.origins:
        _report_second(document, source, path, name, place)
        return
    document.origins[place] = (source, path)
    said["text"][locale.value] = sentence["text"]
    said["buttons"][locale.value] = sentence.get("buttons", [])
    entry["private"] = entry["private"] or sentence.get("x-private", False)
    if sentence.get("x-offer", False):  # only then: a version without one keeps its name
        entry["offer"] = True


def _variant(entry: dict[str, Any], sentence: Mapping[str, Any], locale: Locale) -> dict[str, Any]:
    """The languages of one sentence are found together by what it needs."""
    needs, variants = sentence["condition"], entry.setdefault("variants", [])
    for variant in variants:
        if variant["condition"] == needs and locale.value not in variant["text"]:
            found: dict[str, Any] = variant
            return found
    made = {"condition": needs, "text": {}, "buttons": {}}
    variants.append(made)
    return made


def _report_second(document: Document, source: Source, path: Path, name: str, place: Path) -> None:
    """In one list it is a second sentence without a condition; else the name is there twice."""
    first, at = document.origins[place]
    in_one_list = first.file == source.file and at[:-1] == path[:-1]
    code = "second_default" if in_one_list else "defined_twice"
    where = path if in_one_list else path[:-1]
    document.problems.append(Problem(code, source.at(where), {"name": name}))

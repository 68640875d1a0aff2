"""Every place where flow files use what plain CALM (Rasa) does not know, so that nobody expects
them to load there. A kind and a name for each; the words are the terminal's.

What CALM's conditions take was tried with pypred 0.4.0, which Rasa reads them with.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dialogs.format.documents import locale_of, merge
from dialogs.format.flow import Path
from dialogs.format.lint_structure import HANDOFF
from dialogs.format.placeholders import BRACES, GAP
from dialogs.format.predicate_tokens import PredicateError, Token, tokens_of
from dialogs.format.problems import FlowProblems, Position
from dialogs.format.reader import Source, read

_OURS = "x-"
# The other two of the engine's own actions are CALM's too, by name and by deed.
_OUR_ACTIONS = ("action_answer_chitchat", "action_hand_over")
_OUR_PAYLOAD = re.compile(r"/(?!SetSlots\()")  # there, /word is an intent


@dataclass(frozen=True, slots=True, order=True)
class Beyond:
    """`kind` says in which way it is ours, `name` what stands there."""

    at: Position
    kind: str
    name: str = ""


Found = Iterator[Beyond]


def beyond_calm(sources: Mapping[str, str]) -> list[Beyond]:
    """Sorted by place. Files that cannot be read, or not as flow files, raise FlowProblems."""
    mistakes = [problem for problem in merge(sources).problems if not problem.warning]
    if mistakes:
        raise FlowProblems(mistakes)
    files = (_Walk(read(file, text)) for file, text in sources.items())
    return sorted({found for file in files for found in file.whole()})


@dataclass(frozen=True, slots=True)
class _Walk:
    source: Source

    def whole(self) -> Found:
        data = self.source.data
        if locale_of(self.source.file) is not None:
            yield Beyond(Position(self.source.file), "language_file")
            inside: Path = ("responses",) if "responses" in data else ()
            yield from self._responses(data["responses"] if inside else data, inside)
            return
        for name, flow in data.get("flows", {}).items():
            yield from self._flow(flow, ("flows", name))
        for name, slot in data.get("slots", {}).items():
            yield from self._slot(slot, ("slots", name))
        yield from self._responses(data.get("responses", {}), ("responses",))

    def _found(self, kind: str, path: Path, name: str = "", *, key: bool = True) -> Beyond:
        return Beyond(self.source.at(path, key=key), kind, name or str(path[-1]))

    def _keys(self, data: Mapping[str, Any], path: Path) -> Found:
        for key in data:
            if key.startswith(_OURS):
                yield self._found("key", (*path, key))

    def _flow(self, flow: Mapping[str, Any], path: Path) -> Found:
        yield from self._keys(flow, path)
        yield from self._condition(flow.get("if"), (*path, "if"))
        yield from self._steps(flow["steps"], (*path, "steps"))

    def _steps(self, steps: list[Mapping[str, Any]], path: Path) -> Found:
        for index, step in enumerate(steps):
            where = (*path, index)
            yield from self._keys(step, where)
            yield from self._meant_otherwise(step, where)
            for at, rejection in enumerate(step.get("rejections", ())):
                yield from self._condition(rejection["if"], (*where, "rejections", at, "if"))
            if isinstance(step.get("next"), list):
                for at, branch in enumerate(step["next"]):
                    yield from self._branch(branch, (*where, "next", at))

    def _meant_otherwise(self, step: Mapping[str, Any], path: Path) -> Found:
        """What CALM knows by name, and carries out in another way or not at all."""
        if step.get("force_slot_filling"):
            yield self._found("forced", (*path, "force_slot_filling"))
        if step.get("link") == HANDOFF:
            yield self._found("handoff", (*path, "link"), HANDOFF, key=False)
        if step.get("action") in _OUR_ACTIONS:
            yield self._found("action", (*path, "action"), step["action"], key=False)

    def _branch(self, branch: Mapping[str, Any], path: Path) -> Found:
        yield from self._condition(branch.get("if"), (*path, "if"))
        key = "else" if "else" in branch else "then"
        if isinstance(branch[key], list):
            yield from self._steps(branch[key], (*path, key))

    def _condition(self, condition: Any, path: Path) -> Found:
        for token in _tokens(condition):
            if token.kind == "regex":
                yield self._found("slashes", path, f"/{token.text}/", key=False)
            elif token.kind == "op" and token.text == ",":
                yield self._found("comma", path, token.text, key=False)
            elif token.kind == "name" and token.text.startswith("context."):
                yield self._found("context", path, token.text, key=False)

    def _slot(self, slot: Mapping[str, Any], path: Path) -> Found:
        yield from self._keys(slot, path)
        for index, mapping in enumerate(slot.get("mappings", ())):
            where = (*path, "mappings", index)
            yield from self._keys(mapping, where)
            if mapping["type"] == "from_entity" and "value" in mapping:
                yield self._found("entity_value", (*where, "value"))

    def _responses(self, responses: Mapping[str, Any], path: Path) -> Found:
        sentences = [
            (one, (*path, name, index))
            for name, several in responses.items()
            for index, one in enumerate(several)
        ]
        for sentence, where in sentences:
            yield from self._keys(sentence, where)
            yield from self._text(sentence["text"], (*where, "text"))
            for index, button in enumerate(sentence.get("buttons", ())):
                at = (*where, "buttons", index)
                yield from self._text(button["title"], (*at, "title"))
                if _OUR_PAYLOAD.match(button["payload"]):
                    yield self._found("payload", (*at, "payload"), button["payload"], key=False)

    def _text(self, text: str | Mapping[str, str], path: Path) -> Found:
        if isinstance(text, str):
            for gap in _worded(text):
                yield self._found("wording", path, gap, key=False)
            return
        yield self._found("languages", path)
        for tag, words in text.items():
            yield from self._text(words, (*path, tag))


def _tokens(condition: Any) -> list[Token]:
    """None of what is no condition; `flows check` without --calm says why."""
    try:
        return tokens_of(condition) if isinstance(condition, str) else []
    except PredicateError:
        return []


def _worded(text: str) -> list[str]:
    """Gaps that say how to word a value: `{total:money}`."""
    return [gap for gap in BRACES.findall(text) if GAP.fullmatch(gap) and ":" in gap]

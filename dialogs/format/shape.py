"""Checks data against schema.json, and says what is wrong so that a person can mend it.

Only the keywords our schema uses. Where a schema has alternatives, the data's own kind or the
key that makes a step what it is picks the one to check against.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path as File
from typing import Any

from dialogs.format.flow import Path
from dialogs.format.misnamed import Told, duration_problem, is_duration, name_problem
from dialogs.format.problems import Problem
from dialogs.format.reader import Source
from dialogs.format.typed_signs import typed_sign

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
}
# CALM's keys that we do not carry out: refused by name, never ignored.
REFUSED_KEYS = {
    "mcp_server": "refused_mcp",
    "mapping": "refused_mcp",
    "exit_if": "refused_mcp",
    "collect-tool-binding": "refused_mcp",
    "dtmf": "refused_voice",
    "silence_timeout": "refused_voice",
    "on_activate": "refused_hook",
}
# What other languages call a further branch.
_BRANCH_WORDS = ("elif", "elseif", "else if", "else_if", "elsif", "when", "case", "otherwise")
# What stands beside these mistakes can still be read, and checked for others.
_HARMLESS = {"unknown_key", "link_with_next", *REFUSED_KEYS.values()}


@cache
def schema() -> Mapping[str, Any]:
    """The published JSON Schema."""
    text = File(__file__).with_name("schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def check_shape(source: Source, definition: str | None = None) -> list[Problem]:
    """Problems of one file against the whole schema, or against one of its definitions."""
    rule = schema()["$defs"][definition] if definition else schema()
    return list(_Checker(source).check(source.data, rule, ()))


Found = Iterator[Problem]


@dataclass(frozen=True, slots=True)
class _Checker:
    source: Source

    def check(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        rule = _resolved(rule)
        if "oneOf" in rule:
            yield from self._one_of(data, rule["oneOf"], path)
            return
        if not _has_type(data, rule.get("type")):
            if is_duration(rule.get("pattern", "")) and isinstance(data, int | float):
                yield self._told(duration_problem(data), path)
                return
            yield self._wrong_type(data, _kinds(rule), path)
            return
        for keyword, check in _KEYWORDS.items():
            if keyword in rule:
                yield from check(self, data, rule, path)

    def problem(
        self,
        code: str,
        path: Path,
        *,
        key: bool = False,
        kinds: tuple[str, ...] = (),
        **values: str,
    ) -> Problem:
        if code not in _HARMLESS:
            missing = (values["name"],) if code == "missing_key" else ()
            self.source.broken.add((*path, *missing))
        return Problem(code, self.source.at(path, key=key), values, kinds=kinds)

    def _wrong_type(self, data: Any, kinds: tuple[str, ...], path: Path) -> Problem:
        if data is None:
            return self.problem("empty", path, key=True, name=_name(path))
        if isinstance(data, str) and set(kinds) <= {"object", "array"}:
            return self._text_for_lines(data, kinds, path)
        given = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        return self.problem("wrong_type", path, name=_name(path), near=given[:40], kinds=kinds)

    def _text_for_lines(self, text: str, kinds: tuple[str, ...], path: Path) -> Problem:
        """Where lines of `key: value` should be stands a text: probably a colon went wrong."""
        if wide := typed_sign(text):
            return self.problem("wide_sign", path, name=text[:40], near=wide[0], wanted=wide[1])
        if glued := re.match(r"([\w-]+):\S", text):
            return self.problem("yaml_colon_space", path, name=glued[1], near=text[:40])
        if found := re.match(r"([\w-]+) +\S", text):
            return self.problem("yaml_colon", path, name=found[1], near=text[:40])
        return self.problem("wrong_type", path, name=_name(path), near=text[:40], kinds=kinds)

    def _told(self, told: Told, path: Path, *, key: bool = False) -> Problem:
        code, values = told
        self.source.broken.add(path)
        return Problem(code, self.source.at(path, key=key), values)

    def _one_of(self, data: Any, rules: list[Mapping[str, Any]], path: Path) -> Found:
        fitting = _fitting(data, rules)
        if len(fitting) == 1:
            yield from self.check(data, fitting[0], path)
        elif isinstance(data, dict) and _discriminators(rules):
            yield self._wrong_kind(data, fitting, _discriminators(rules), path)
            yield from self._keys_of(data, fitting, path)
        else:
            kinds = tuple(kind for rule in rules for kind in _kinds(_resolved(rule)))
            yield self._wrong_type(data, kinds, path)

    def _wrong_kind(
        self, data: Any, fitting: list[Mapping[str, Any]], wanted: list[str], path: Path
    ) -> Problem:
        """A step or branch that is several things at once, or nothing that we know."""
        if wanted == ["if", "else"]:
            if odd := next((key for key in data if key.lower() in _BRANCH_WORDS), None):
                return self.problem("branch_word", (*path, odd), key=True, name=odd)
            if fitting:
                return self.problem("branch_twice", path)
        code = "two_kinds" if fitting else "no_kind"
        name = ", ".join(key for key in data if key in wanted or not fitting)
        return self.problem(code, path, name=name, wanted=", ".join(wanted))

    def _keys_of(self, data: Any, rules: list[Mapping[str, Any]], path: Path) -> Found:
        """Of what has several kinds, or none: its keys are read all the same."""
        if not rules:
            yield from (self._unknown(key, [], path) for key in data if key in REFUSED_KEYS)
            return
        known = {key: rule for one in rules for key, rule in one["properties"].items()}
        yield from self.properties(data, {"properties": known}, path)

    def properties(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        known = rule["properties"]
        open_for = rule.get("patternProperties", {})
        for key, value in data.items():
            if key in known:
                yield from self.check(value, known[key], (*path, key))
            elif not any(re.search(pattern, key) for pattern in open_for):
                yield self._unknown(key, list(known), path)

    def _unknown(self, key: str, known: list[str], path: Path) -> Problem:
        where = (*path, key)
        if key in REFUSED_KEYS:
            return self.problem(REFUSED_KEYS[key], where, key=True, name=key)
        if key == "next" and "link" in known:
            flow = str(self.source.value(path).get("link"))
            return self.problem("link_with_next", where, key=True, name=flow)
        if wide := typed_sign(key):
            return self.problem(
                "wide_sign", where, key=True, name=key, near=wide[0], wanted=wide[1]
            )
        guess = get_close_matches(key, known, 1)
        wanted = guess[0] if guess else ", ".join(known)
        return self.problem("unknown_key", where, key=True, name=key, wanted=wanted)

    def required(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        for key in rule["required"]:
            if key not in data:
                yield self.problem("missing_key", path, name=key, inside=_name(path))

    def additional(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        others = rule["additionalProperties"]
        if isinstance(others, dict):
            for key, value in data.items():
                yield from self.check(value, others, (*path, key))

    def key_names(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        pattern = rule["propertyNames"]["pattern"]
        for key in data:
            if not re.search(pattern, key):
                told = name_problem(key, pattern, (*path, key))
                yield self._told(told, (*path, key), key=True)

    def items(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        for index, item in enumerate(data):
            yield from self.check(item, rule["items"], (*path, index))

    def fewest(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        if not data:
            yield self.problem("empty", path, name=_name(path))

    def most(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        if len(data) > 1:
            yield self.problem("only_one", path, name=_name(path))

    def choices(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        if data not in rule["enum"] or isinstance(data, int) != isinstance(rule["enum"][0], int):
            wanted = ", ".join(json.dumps(choice) for choice in rule["enum"])
            yield self.problem("not_a_choice", path, name=str(data), wanted=wanted)

    def pattern(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        if not re.search(rule["pattern"], data) or len(data) > rule.get("maxLength", len(data)):
            yield self._told(name_problem(data, rule["pattern"], path), path)

    def bounds(self, data: Any, rule: Mapping[str, Any], path: Path) -> Found:
        if not rule["minimum"] <= data <= rule["maximum"]:
            wanted = f"{rule['minimum']}-{rule['maximum']}"
            yield self.problem("out_of_range", path, name=str(data), wanted=wanted)


_KEYWORDS: Mapping[str, Callable[[_Checker, Any, Mapping[str, Any], Path], Found]] = {
    "properties": _Checker.properties,
    "required": _Checker.required,
    "additionalProperties": _Checker.additional,
    "propertyNames": _Checker.key_names,
    "items": _Checker.items,
    "minItems": _Checker.fewest,
    "minLength": _Checker.fewest,
    "minProperties": _Checker.fewest,
    "maxItems": _Checker.most,
    "maxProperties": _Checker.most,
    "enum": _Checker.choices,
    "pattern": _Checker.pattern,
    "minimum": _Checker.bounds,
}


def _resolved(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in rule:
        return rule
    found: Mapping[str, Any] = schema()["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    return found


def _fitting(data: Any, rules: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The alternatives that data of this kind, or with this key, can be meant as."""
    fitting = [rule for rule in map(_resolved, rules) if _may_be(data, rule)]
    if len(fitting) > 1 and isinstance(data, dict):
        fitting = [rule for rule in fitting if rule.get("required", [""])[0] in data]
    return fitting


def alternative(data: Any, rule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one rule that this data is checked against, if there is one."""
    rule = _resolved(rule)
    while "oneOf" in rule:
        fitting = _fitting(data, rule["oneOf"])
        if len(fitting) != 1:
            return None
        rule = fitting[0]
    return rule


def _kinds(rule: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = rule.get("type", "array")
    return tuple(kinds) if isinstance(kinds, list) else (kinds,)


def _has_type(data: Any, wanted: str | list[str] | None) -> bool:
    if wanted is None:
        return True
    kinds = wanted if isinstance(wanted, list) else [wanted]
    return any(_is(data, kind) for kind in kinds)


def _is(data: Any, kind: str) -> bool:
    return isinstance(data, _TYPES[kind]) and (kind == "boolean" or not isinstance(data, bool))


def _may_be(data: Any, rule: Mapping[str, Any]) -> bool:
    if "oneOf" in rule:
        return any(_may_be(data, _resolved(inner)) for inner in rule["oneOf"])
    return _has_type(data, rule.get("type"))


def _discriminators(rules: list[Mapping[str, Any]]) -> list[str]:
    return [_resolved(rule)["required"][0] for rule in rules if _resolved(rule).get("required")]


def _name(path: Path) -> str:
    named = [part for part in path if isinstance(part, str)]
    return named[-1] if named else "file"

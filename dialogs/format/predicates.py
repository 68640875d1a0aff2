"""Conditions of flows: `slots.budget > 100 and not slots.gift` compiled once into closures.

Own recursive-descent compiler: no template engine ever sees a merchant's text. What is missing
or of another type makes a comparison false, never an exception.

or ▸ and ▸ not ▸ comparison ▸ value        values: slots.x  context.y  'text'  3  {a, b}  null …
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dialogs.format.comparing import EMPTY, OPERATORS, matches, pattern_of
from dialogs.format.filled import NOTHING, Filled, both, either, filled_by, slots_of
from dialogs.format.predicate_tokens import PredicateError, Token, thousands, tokens_of

MAX_DEPTH = 20  # dialogs stay readable far below; recursion stays far from Python's limit

Data = Mapping[str, Any]
Evaluate = Callable[[Data, Data], Any]
_CONSTANTS = {"null": None, "undefined": None, "true": True, "false": False, "empty": EMPTY}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A compiled condition; equal when the source is. Call it with slots and context.

    For the linter: `compared` slots with constants, `pairs` of slots and the operator between,
    and which slots are `filled` once it has held or failed."""

    source: str
    slots: frozenset[str] = field(default=frozenset(), compare=False)
    compared: tuple[tuple[str, Any], ...] = field(default=(), compare=False)
    pairs: tuple[tuple[str, str, str], ...] = field(default=(), compare=False)
    filled: Filled = field(default=NOTHING, compare=False, repr=False)
    _evaluate: Evaluate = field(default=lambda slots, context: False, compare=False, repr=False)

    def offset_of(self, slot: str) -> int:
        """Where this slot is first named."""
        found = re.search(rf"(?<![\w.'\"])slots\.{slot}\b", self.source)
        return found.start() if found else 0

    def __call__(self, slots: Data, context: Data) -> bool:
        return bool(self._evaluate(slots, context))


@lru_cache(maxsize=4096)
def compile_predicate(source: str) -> Predicate:
    """Compile, or raise PredicateError with the place of the mistake."""
    parser = _Parser(source)
    part = parser.whole()
    return Predicate(
        source,
        frozenset(parser.slots),
        tuple(parser.compared),
        tuple(parser.pairs),
        part.filled,
        part.evaluate,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    evaluate: Evaluate
    filled: Filled = NOTHING


@dataclass(slots=True)
class _Operand:
    evaluate: Evaluate
    slot: str | None = None
    constant: Any = None
    is_constant: bool = False


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens_of(source)
        self._at = 0
        self._depth = 0
        self.slots: set[str] = set()
        self.compared: list[tuple[str, Any]] = []
        self.pairs: list[tuple[str, str, str]] = []

    def whole(self) -> _Part:
        part = self._either()
        if self._now.kind != "end":
            raise self._wrong()
        return part

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _wrong(self, token: Token | None = None) -> PredicateError:
        token = token or self._now
        code = "predicate_unfinished" if token.kind == "end" else "predicate_syntax"
        if token.kind == "name" and token.text.lower() == "in":
            code = "predicate_in"
        before = self._tokens[self._at - 1]
        in_groups = thousands(self._source, before.offset) if token.text == "," else None
        return in_groups or PredicateError(code, token.offset, token.text)

    def _is_word(self, *words: str) -> bool:
        return self._now.kind in ("name", "op") and self._now.text.lower() in words

    def _either(self) -> _Part:
        parts = [self._both()]
        while self._is_word("or"):
            self._take()
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        some = [part.evaluate for part in parts]
        return _Part(
            lambda slots, context: any(one(slots, context) for one in some),
            either([part.filled for part in parts]),
        )

    def _both(self) -> _Part:
        parts = [self._not()]
        while self._is_word("and"):
            self._take()
            parts.append(self._not())
        if len(parts) == 1:
            return parts[0]
        every = [part.evaluate for part in parts]
        return _Part(
            lambda slots, context: all(one(slots, context) for one in every),
            both([part.filled for part in parts]),
        )

    def _not(self) -> _Part:
        if not self._is_word("not"):
            return self._comparison()
        offset = self._take().offset
        part = self._deeper(self._not, offset)
        inner = part.evaluate
        return _Part(lambda slots, context: not inner(slots, context), part.filled.turned())

    def _deeper(self, parse: Callable[[], _Part], offset: int) -> _Part:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise PredicateError("predicate_too_deep", offset, "")
        part = parse()
        self._depth -= 1
        return part

    def _comparison(self) -> _Part:
        if self._now.text == "(" and self._now.kind == "op":
            return self._group()
        left = self._operand()
        operator = self._operator()
        if operator is None:
            self._refuse_not_in()
            return _Part(left.evaluate, Filled(slots_of(left.slot)))
        if operator == "matches":
            return self._matching(left)
        right = self._operand()
        self._remember(left, operator, right)
        return _Part(
            _compare(left.evaluate, OPERATORS[operator], right.evaluate),
            filled_by(operator, left.slot, right.slot, _constants(left, right)),
        )

    def _refuse_not_in(self) -> None:
        """`slots.x in …` is refused where it stands; of `not in` the `not` comes first."""
        following = self._tokens[self._at + 1 : self._at + 2]
        if self._is_word("not") and following and following[0].text.lower() == "in":
            raise PredicateError("predicate_in", self._now.offset, "not in")

    def _group(self) -> _Part:
        offset = self._take().offset
        part = self._deeper(self._either, offset)
        if self._now.text != ")":
            raise self._wrong()
        self._take()
        return part

    def _operator(self) -> str | None:
        if not self._is_word(*OPERATORS, "is", "matches"):
            return None
        word = self._take().text.lower()
        if word == "is" and self._is_word("not"):
            self._take()
            return "!="
        return "==" if word == "is" else word

    def _matching(self, left: _Operand) -> _Part:
        token = self._take()
        if token.kind not in ("string", "regex"):
            raise PredicateError("predicate_pattern", token.offset, token.text)
        pattern = pattern_of(token.text, token.offset)
        value = left.evaluate
        return _Part(
            lambda slots, context: matches(value(slots, context), pattern),
            Filled(slots_of(left.slot)),
        )

    def _operand(self) -> _Operand:
        token = self._take()
        if token.kind == "string":
            return _constant(token.text)
        if token.kind == "number":
            return _constant(float(token.text) if "." in token.text else int(token.text))
        if token.kind == "name":
            return self._named(token)
        if token.text == "{" and token.kind == "op":
            return _constant(self._members())
        raise self._wrong(token)

    def _named(self, token: Token) -> _Operand:
        if token.text.lower() in _CONSTANTS:
            return _constant(_CONSTANTS[token.text.lower()])
        root, *path = token.text.split(".")
        if root not in ("slots", "context") or not path:
            raise PredicateError("predicate_unknown_name", token.offset, token.text)
        if root == "context":
            return _Operand(_lookup(path, from_slots=False))
        self.slots.add(path[0])
        return _Operand(_lookup(path, from_slots=True), slot=path[0] if len(path) == 1 else None)

    def _members(self) -> tuple[Any, ...]:
        members: list[Any] = []
        while self._now.text != "}":
            token = self._take()
            if token.kind not in ("string", "number", "name"):
                raise self._wrong(token)
            members.append(_member(token))
            if self._now.text == ",":
                self._take()
        self._take()
        return tuple(members)

    def _remember(self, left: _Operand, operator: str, right: _Operand) -> None:
        """Which slot meets which constant or slot, so that the linter can compare their types."""
        if left.slot and right.slot:
            self.pairs.append((left.slot, operator, right.slot))
        for one, other in ((left, right), (right, left)):
            # A part of a text need not be one of the slot's values.
            if one.slot and other.is_constant and operator != "contains":
                self.compared.append((one.slot, other.constant))


def _constants(*operands: _Operand) -> tuple[Any, ...]:
    return tuple(operand.constant for operand in operands if operand.is_constant)


def _constant(value: Any) -> _Operand:
    return _Operand(lambda slots, context: value, constant=value, is_constant=True)


def _member(token: Token) -> Any:
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    lowered = token.text.lower()
    return _CONSTANTS[lowered] if lowered in ("true", "false") else token.text


def _lookup(path: list[str], *, from_slots: bool) -> Evaluate:
    if len(path) == 1:
        name = path[0]
        if from_slots:
            return lambda slots, context: slots.get(name)
        return lambda slots, context: context.get(name)
    return lambda slots, context: _descend(slots if from_slots else context, path)


def _descend(data: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(name)
    return data


def _compare(left: Evaluate, operator: Callable[[Any, Any], bool], right: Evaluate) -> Evaluate:
    return lambda slots, context: operator(left(slots, context), right(slots, context))

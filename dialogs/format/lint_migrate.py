"""Checks a migrate map like code: `{old version: {flow: {old step: new step}}}`.

Each name must be there, each step one where a conversation can stand, each slot of the type it had.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from dialogs.format.flow import Call, Collect, Flow, FlowSet, Path, Step, WaitStep
from dialogs.format.lint_names import nearest
from dialogs.format.problems import FlowProblems, Problem
from dialogs.format.reader import Source

_LEVELS = 3  # version, flow, step
Ways = dict[str, dict[str, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Versions:
    """The one to be published, the names of those there are, and how to look one up."""

    new: FlowSet
    stored: Collection[str]
    find: Callable[[str], FlowSet]


def checked_ways(source: Source, versions: Versions) -> Ways:
    """The map, if it is one; raises FlowProblems with every mistake at once."""
    problems = [*source.problems]
    if source.data is not None and not problems:
        problems += _Check(source, versions).all()
    if problems:
        raise FlowProblems(problems)
    ways: Ways = source.data or {}
    return ways


@dataclass(frozen=True, slots=True)
class _Check:
    source: Source
    versions: Versions

    def all(self) -> Iterator[Problem]:
        shape = list(_misshapen(self.source.data, ()))
        if shape:
            yield from (self._problem("migrate_shape", path) for path in shape)
            return
        for sha, flows in self.source.data.items():
            yield from self._version(sha, flows)

    def _version(self, sha: str, flows: dict[str, dict[str, str]]) -> Iterator[Problem]:
        if sha == self.versions.new.sha:
            yield self._problem("migrate_same_version", (sha,), key=True, name=sha)
        elif sha not in self.versions.stored:
            wanted = nearest(sha, self.versions.stored)
            yield self._problem("unknown_version", (sha,), key=True, name=sha, wanted=wanted)
        else:
            old = self.versions.find(sha)
            for name in flows:
                yield from self._flow(old, (sha, name))

    def _flow(self, old: FlowSet, path: tuple[str, str]) -> Iterator[Problem]:
        name = path[1]
        for flow_set in (old, self.versions.new):
            if name not in flow_set.flows:
                wanted = nearest(name, flow_set.flows)
                values = {"name": name, "version": flow_set.sha[:12], "wanted": wanted}
                yield self._problem("migrate_flow", path, key=True, **values)
                return
        yield from self._slots(old, path)
        before, after = old.flows[name], self.versions.new.flows[name]
        for step in self.source.data[path[0]][name]:
            yield from self._step(before, after, (*path, step))

    def _slots(self, old: FlowSet, path: tuple[str, str]) -> Iterator[Problem]:
        new = self.versions.new
        for slot in sorted(old.owned[path[1]] & new.owned[path[1]]):
            was, now = old.domain.slots.get(slot), new.domain.slots.get(slot)
            if was is not None and now is not None and was.type is not now.type:
                values = {"name": slot, "before": was.type.value, "after": now.type.value}
                yield self._problem("migrate_slot", path, key=True, **values)

    def _step(self, before: Flow, after: Flow, path: tuple[str, str, str]) -> Iterator[Problem]:
        sha, flow, step = path
        target = self.source.data[sha][flow][step]
        if step not in before.steps:
            wanted = nearest(step, _standing(before))
            values = {"name": step, "flow": flow, "wanted": wanted}
            yield self._problem("migrate_step", path, key=True, **values)
        elif target not in after.steps:
            wanted = nearest(target, _standing(after))
            yield self._problem("migrate_step", path, name=target, flow=flow, wanted=wanted)
        elif not _leads_on(before.steps[step], after.steps[target]):
            yield self._problem("migrate_kind", path, name=step, other=target)

    def _problem(self, code: str, path: Path, *, key: bool = False, **values: str) -> Problem:
        return Problem(code, self.source.at(path, key=key), values)


def _misshapen(data: Any, path: Path) -> Iterator[Path]:
    """Three levels of names, and a name at the end of each."""
    if len(path) == _LEVELS:
        if not isinstance(data, str):
            yield path
    elif not isinstance(data, dict) or not data:
        yield path
    else:
        for name, inner in data.items():
            yield from _misshapen(inner, (*path, name))


def _standing(flow: Flow) -> list[str]:
    kinds = (Collect, WaitStep, Call)
    return [step.id for step in flow.steps.values() if isinstance(step, kinds)]


def _leads_on(old: Step, new: Step) -> bool:
    """Where a conversation stands in the one it can stand in the other: what would wake it, and the
    flow that it has called, must be the same."""
    if isinstance(old, WaitStep) and isinstance(new, WaitStep):
        return (set(old.events), old.key) == (set(new.events), new.key)
    if isinstance(old, Call) and isinstance(new, Call):
        return old.flow == new.flow
    return isinstance(old, Collect) and isinstance(new, Collect)

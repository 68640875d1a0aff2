"""Changing an earlier answer: the flow goes back to the first step that it concerns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dialogs.engine.state import Frame, FrameKind
from dialogs.engine.work import Work
from dialogs.format.flow import ActionStep, Collect, Step

_Wanted = Callable[[Step, str], bool]


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A visited step that a slot concerns: which frame, and how far along its trail."""

    frame: int
    visited: int


@dataclass(slots=True)
class Corrected:
    """The slots that can no longer be changed, and those that are asked again instead."""

    refused: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def correct(work: Work, sets: Mapping[str, Any], corrections: Mapping[str, Any]) -> Corrected:
    """Set the values and rewind. `corrections` are of slots that held something else."""
    done = Corrected()
    places: list[_Place] = []
    for slot, value in {**sets, **corrections}.items():
        question = _first_visited(work, slot, _is_asked_first) if slot in corrections else None
        place = question or _first_visited(work, slot, _concerns)
        if place and place.visited < work.stack[place.frame].barrier:
            work.note("correction_refused", _seen_at(work, place), slot=slot)
            done.refused.append(slot)
            continue
        if question:  # a yes to "buy it for 30?" is no yes to another price, nor a no by the way
            done.asked.append(slot)
        _set(work, slot, None if question else value, place)
        if place:
            places.append(place)
    if places:
        _rewind(work, _first_of_top_group(work, places))
    return done


def go_back(work: Work) -> bool:
    """Open the question before this one; False where there is none to go back to."""
    place = _question_before(work)
    if place is None:
        return False
    frame = work.stack[place.frame]
    step = work.flow(frame).steps[frame.trail[place.visited]]
    assert isinstance(step, Collect)  # noqa: S101  # only collects are questions
    work.slots[step.slot] = None
    work.note("went_back", _seen_at(work, place), slot=step.slot)
    _rewind(work, place)
    return True


def _set(work: Work, slot: str, value: Any, place: _Place | None) -> None:
    """A group below may have put its value away; then it is changed there."""
    if place:
        root = work.root_of(place.frame)
        frame = work.stack[root]
        if slot in frame.stash:
            work.change(root, stash={**frame.stash, slot: value})
            work.note("slot_corrected", _seen_at(work, place), slot=slot)
            return
        work.set_slot(slot, value, "slot_corrected", _seen_at(work, place))
    else:
        work.set_slot(slot, value)


def _seen_at(work: Work, place: _Place) -> Frame:
    """The frame as it stood at that step: what is corrected there is noted there."""
    frame = work.stack[place.frame]
    return frame._replace(step=frame.trail[place.visited])


def _first_visited(work: Work, slot: str, wanted: _Wanted) -> _Place | None:
    """The earliest visited step of this kind, in the uppermost group that has one."""
    end = len(work.stack)
    while end > 0:
        root = work.root_of(end - 1)
        for index in range(root, end):
            visited = _visited(work, work.stack[index], slot, wanted)
            if visited is not None:
                return _Place(index, visited)
        end = root
    return None


def _visited(work: Work, frame: Frame, slot: str, wanted: _Wanted) -> int | None:
    if frame.kind is FrameKind.ACT:
        return None
    steps = work.flow(frame).steps
    for visited, name in enumerate(frame.trail):
        if wanted(steps[name], slot):
            return visited
    return None


def _is_asked_first(step: Step, slot: str) -> bool:
    """Such an answer counts for the moment it was given in; it is never changed in passing."""
    return isinstance(step, Collect) and step.slot == slot and step.ask_before_filling


def _concerns(step: Step, slot: str) -> bool:
    """The step collects the slot, or its result depends on it."""
    if isinstance(step, Collect):
        return step.slot == slot and not step.ask_before_filling
    return isinstance(step, ActionStep) and slot in step.reads


def _first_of_top_group(work: Work, places: list[_Place]) -> _Place:
    """Several corrections: the uppermost group that is concerned, and there the earliest step."""
    top = max(work.root_of(place.frame) for place in places)
    return min(place for place in places if work.root_of(place.frame) == top)


def _rewind(work: Work, place: _Place) -> None:
    """Back to a visited step; flows called after it are left, later steps run again."""
    frame = work.stack[place.frame]
    trail = frame.trail[: place.visited + 1]
    frame = work.change(place.frame, step=trail[-1], trail=trail)
    work.note("rewound", frame)
    above = place.frame + 1
    while above < len(work.stack) and work.stack[above].kind is FrameKind.CALL:
        above += 1
    work.leave(place.frame + 1, above)


def _question_before(work: Work) -> _Place | None:
    """The collect visited last before the one that is open now, in the group on top."""
    if not work.stack:
        return None
    top = len(work.stack) - 1
    for index in range(top, work.root_of(top) - 1, -1):
        frame = work.stack[index]
        end = frame.trail.index(frame.step) if frame.step in frame.trail else len(frame.trail)
        for visited in range(end - 1, frame.barrier - 1, -1):
            step = work.flow(frame).steps[frame.trail[visited]]
            if isinstance(step, Collect):
                return _Place(index, visited)
    return None

"""Carries flows out: a pure `step` from state and input to a new one, and its driver `run`."""

from dialogs.engine.commands import Command
from dialogs.engine.inputs import (
    TIMEOUT,
    ActionAnswered,
    ActionFailed,
    ActionResult,
    Failed,
    GivenAway,
    HandBack,
    HandOver,
    Happened,
    Heard,
    Input,
    Lapsed,
    Moved,
    StartPattern,
    TakenOver,
    Way,
)
from dialogs.engine.migrating import pinned
from dialogs.engine.moving_on import Standing, move_on
from dialogs.engine.outcome import (
    Effect,
    Event,
    GoPrivate,
    Handoff,
    Outcome,
    Post,
    Repeat,
    RunAction,
    Say,
    Unwait,
    Wait,
)
from dialogs.engine.questions import Question, current_version, open_question
from dialogs.engine.recording import RECORDED, Recorded, Unplayable
from dialogs.engine.replaying import replay
from dialogs.engine.running import Turned, run
from dialogs.engine.snapshot import from_json, parked_to_json, to_json
from dialogs.engine.state import ChatKind, Frame, FrameKind, Mode, Parked, State
from dialogs.engine.step import step
from dialogs.engine.work import Flows

__all__ = [
    "RECORDED",
    "TIMEOUT",
    "ActionAnswered",
    "ActionFailed",
    "ActionResult",
    "ChatKind",
    "Command",
    "Effect",
    "Event",
    "Failed",
    "Flows",
    "Frame",
    "FrameKind",
    "GivenAway",
    "GoPrivate",
    "HandBack",
    "HandOver",
    "Handoff",
    "Happened",
    "Heard",
    "Input",
    "Lapsed",
    "Mode",
    "Moved",
    "Outcome",
    "Parked",
    "Post",
    "Question",
    "Recorded",
    "Repeat",
    "RunAction",
    "Say",
    "Standing",
    "StartPattern",
    "State",
    "TakenOver",
    "Turned",
    "Unplayable",
    "Unwait",
    "Wait",
    "Way",
    "current_version",
    "from_json",
    "move_on",
    "open_question",
    "parked_to_json",
    "pinned",
    "replay",
    "run",
    "step",
    "to_json",
]

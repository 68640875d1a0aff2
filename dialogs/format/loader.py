"""Loads a flow set from YAML files, all or nothing, and stores it as canonical JSON and back."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path as File

from dialogs.format.build import build, canonical
from dialogs.format.documents import Document, merge
from dialogs.format.flow import FlowSet
from dialogs.format.lint import lint
from dialogs.format.problems import FlowProblems, Position, Problem

MAX_FILES = 200
# What may stand in a file that could not be read; its own mistake comes first.
_MISSING = frozenset(
    ("unknown_slot", "unknown_response", "unknown_action", "unknown_flow", "unknown_intent",
     "missing_language")
)  # fmt: skip
_UNREAD = _MISSING | {"unknown_step"}  # the same for what is left out of a file
_DIALOGS = File(__file__).parents[1]


def load_flow_set(
    sources: Mapping[str, str], *, runnable: Collection[str] | None = None
) -> FlowSet:
    """File name to YAML text; raises FlowProblems with every mistake at once.

    Patterns that the files do not define are the ones we ship. `runnable` names the actions that
    can be run; without it, every declared action is taken to be one."""
    flow_set, problems = _load(sources, runnable)
    if any(not problem.warning for problem in problems):
        raise FlowProblems(problems)
    return flow_set


def check_flow_set(
    sources: Mapping[str, str], *, runnable: Collection[str] | None = None
) -> list[Problem]:
    """Every mistake and every warning, sorted by place."""
    return FlowProblems(_load(sources, runnable)[1]).problems


def flow_set_to_json(flow_set: FlowSet) -> str:
    """Canonical JSON, for the database; its SHA-256 is the set's `sha`."""
    return canonical(flow_set.document)


def flow_set_from_json(text: str) -> FlowSet:
    """A version that was checked when it was stored."""
    document = Document(data=json.loads(text))
    flow_set = build(document)
    if document.problems:
        raise FlowProblems(document.problems)
    return flow_set


def shipped_files() -> list[File]:
    """The flows and responses that come with Tuanzi, without the patterns, which always load."""
    files = [*_DIALOGS.glob("flows/*.yml"), *_DIALOGS.glob("language/*/responses*.yml")]
    return sorted(file for file in files if file.name != "patterns.yml")


def shipped_sources() -> dict[str, str]:
    """Their texts, named from here."""
    return {
        str(file.relative_to(_DIALOGS)): file.read_text("utf-8", "surrogateescape")
        for file in shipped_files()
    }


def _load(
    sources: Mapping[str, str], runnable: Collection[str] | None
) -> tuple[FlowSet, list[Problem]]:
    document = merge(sources) if len(sources) <= MAX_FILES else Document()
    if len(sources) > MAX_FILES:
        document.problems.append(Problem("too_many_files", Position(), {"limit": str(MAX_FILES)}))
    _add_patterns(document)
    flow_set = build(document)
    lint(document, flow_set, runnable)
    return flow_set, [one for one in document.problems if not _may_be_unread(one, document)]


def _may_be_unread(problem: Problem, document: Document) -> bool:
    """What seems missing stands where nothing could be read, or may stand there."""
    if problem.code in _MISSING and not document.is_whole:
        return True
    return problem.code in _UNREAD and problem.values["name"] in document.unread


def _add_patterns(document: Document) -> None:
    """Whatever of ours the files have not redefined."""
    for section in ("flows", "responses"):
        ours = _patterns().data[section]
        theirs = document.data[section]
        theirs.update({name: ours[name] for name in ours if name not in theirs})
    for path, origin in _patterns().origins.items():
        document.origins.setdefault(path, origin)


@cache
def _patterns() -> Document:
    files = [
        _DIALOGS / "flows" / "patterns.yml",
        *sorted(_DIALOGS.glob("language/*/patterns.yml")),
    ]
    return merge({str(f.relative_to(_DIALOGS)): f.read_text(encoding="utf-8") for f in files})

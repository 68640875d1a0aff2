"""What `tuanzi flows` does with files alone: check them, list what Rasa does not know, and print
the schema that they follow."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from bot.flow_checks import check_flows, flows_among
from bot.settings import Settings
from bot.terminal import BROKEN, EXIT_SOUND, language
from bot.web.wording import say
from bot.yaml_files import text_of, yaml_files
from dialogs.format import (
    Beyond,
    FlowProblems,
    Position,
    Problem,
    Source,
    beyond_calm,
    read,
    schema,
    shipped_sources,
)

_BEYOND = {
    "key": "cli.calm_key",
    "forced": "cli.calm_forced",
    "handoff": "cli.calm_handoff",
    "action": "cli.calm_action",
    "slashes": "cli.calm_slashes",
    "comma": "cli.calm_comma",
    "context": "cli.calm_context",
    "entity_value": "cli.calm_entity_value",
    "payload": "cli.calm_payload",
    "wording": "cli.calm_wording",
    "languages": "cli.calm_languages",
    "language_file": "cli.calm_language_file",
}


def sources_of(files: list[Path]) -> dict[str, str]:
    """The files given, or those that ship; FlowProblems where a folder has none."""
    if not files:
        return shipped_sources()
    found = {one: yaml_files(one) for one in files}
    if empty := [one for one, inside in found.items() if not inside]:
        raise FlowProblems(Problem("no_flow_files", Position(str(one))) for one in empty)
    return {str(file): text_of(file) for inside in found.values() for file in inside}


def ways_of(file: Path | None) -> Source | None:
    """Where running conversations go on, if anybody has said so."""
    return read(str(file), text_of(file)) if file else None


def check(options: argparse.Namespace, settings: Settings) -> int:
    """Mistakes and warnings; with --calm what other programs for flows do not know.

    The files are no shop's yet: whatever any merchant brought along can be called."""
    try:
        sources = sources_of(options.files)
        if not options.calm:
            called = {name for package in settings.actions for name in package.names}
            return report(check_flows(sources, called=called))
        return _list(beyond_calm(flows_among(sources)))
    except FlowProblems as problems:
        return report(problems.problems)


def report(problems: Iterable[Problem]) -> int:
    """As compilers do: file:line:column, what is wrong, what would mend it."""
    mistakes = 0
    for problem in problems:
        sys.stdout.write(problem.render(language()) + "\n")
        mistakes += not problem.warning
    return BROKEN if mistakes else EXIT_SOUND


def _list(places: list[Beyond]) -> int:
    """Nothing is wrong with any of it, so the command has done well; the count is for people."""
    for place in places:
        at = f"{place.at.file}:{place.at.line}:{place.at.column}"
        words = say(_BEYOND[place.kind], language(), name=place.name)
        sys.stdout.write(f"{at}: {words}\n")
    sys.stderr.write(say("cli.calm_count", language(), count=len(places)) + "\n")
    return EXIT_SOUND


def print_schema(_options: argparse.Namespace, _settings: Settings) -> int:
    """As it stands in the file, for an editor to be pointed at."""
    sys.stdout.write(json.dumps(schema(), ensure_ascii=False, indent=2) + "\n")
    return EXIT_SOUND

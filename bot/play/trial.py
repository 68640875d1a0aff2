"""A process of its own that acts the stories of strangers: `python -m bot.play.trial`.

In: {"document", "sources"} as JSON on standard input. Out: for each story one line,
{"story", "failure"}. It has no settings, no secrets, no network and no database but the one it
makes; processor time, memory and files are bounded by the kernel, time on the clock by the parent.
"""

import json
import logging
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bot.play.actor import play
from bot.play.failures import Cut, Failure, StoryFailed
from bot.play.finding import is_recorded
from bot.play.heard import Replaying, beside, read_heard
from bot.play.limits import MEMORY, NO_MEMORY, read_all
from bot.play.story import Story, StoryError
from bot.play.world import Kit
from dialogs.house import Understanding
from dialogs.understanding import understand

_POLITE = 5  # the shop comes first
_PROCESSOR = 60  # seconds of it; then SIGXCPU says what it was, before SIGKILL could
_MORE = 5  # seconds until that
_GIB = 1 << 30
_FILES = 200 << 20  # bytes of one file: a story's database has 3 MB (measured)
_LONGEST = 4_000  # characters of a failure that are kept


class _Noticing(logging.Handler):
    """A turn that breaks is apologised for, whatever broke it; only the log tells what it was."""

    no_memory = False

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.no_memory = self.no_memory or isinstance(error, MemoryError)


def main() -> None:
    os.nice(_POLITE)
    _bound()
    try:
        _act_all()
    except MemoryError:
        sys.exit(NO_MEMORY)


def _act_all() -> None:
    asked = json.load(sys.stdin)
    for name, failure in outcomes(asked["document"], asked["sources"]):
        line = {"story": name, "failure": failure and failure.to_json()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR + _MORE))
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY * _GIB),
        (resource.RLIMIT_FSIZE, _FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def outcomes(document: str, sources: Mapping[str, str]) -> Iterator[tuple[str, Failure | None]]:
    """Each story with what was wrong, if anything was."""
    recorded = {
        file: Replaying(read_heard(file, written))
        for file, written in sources.items()
        if is_recorded(file)
    }
    for story in read_all(sources):
        listener = recorded.get(str(beside(story.at.file)), understand)
        yield story.name, _tried(story, Kit(document), listener)


def _tried(story: Story, kit: Kit, listener: Understanding) -> Failure | None:
    log, noticing = logging.getLogger(), _Noticing()
    log.addHandler(noticing)
    failure = None
    try:
        failure = _acted(story, kit, listener)
    except MemoryError:
        noticing.no_memory = True
    finally:
        log.removeHandler(noticing)
    if noticing.no_memory:
        return Failure(story.place, f"{MEMORY} GiB", cut=Cut.MEMORY)
    return failure


def _acted(story: Story, kit: Kit, listener: Understanding) -> Failure | None:
    try:
        play(story, kit=kit, listener=listener)
    except StoryFailed as failed:
        return _short(failed.failure)
    except StoryError as broken:
        (problem, *_) = broken.problems
        place = f"{problem.at.file}:{problem.at.line}"
        return Failure(place, problem.code, tuple(problem.values.values()))
    except MemoryError:
        raise
    except Exception as error:  # whatever a stranger's story breaks, the next one is tried
        return Failure(story.place, "act", (type(error).__name__,))
    return None


def _short(failure: Failure) -> Failure:
    """A stranger decides what is said, not how much of it we keep."""
    body: dict[str, Any] = failure.to_json()
    if len(json.dumps(body, ensure_ascii=False)) <= _LONGEST:
        return failure
    got = tuple(line[:200] for line in failure.got)
    return Failure(failure.place, failure.expected[:500], got, failure.events)


if __name__ == "__main__":
    main()

"""A process of its own that acts the stories of strangers: `python -m bot.play.trial`.

In: {"document", "sources"} as JSON on standard input. Out: for each story one line,
{"story", "failure"}. It has no settings, no secrets, no network and no database but the one it
makes; processor time, memory and files are bounded by the kernel, time on the clock by the parent.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bot.play.actor import play
from bot.play.failures import Failure, StoryFailed
from bot.play.finding import is_recorded
from bot.play.heard import Replaying, beside, read_heard
from bot.play.limits import read_all
from bot.play.story import Story, StoryError
from bot.play.world import Kit
from dialogs.house import Understanding
from dialogs.understanding import understand

_POLITE = 5  # the shop comes first
_PROCESSOR = 60  # seconds of it
_MEMORY = 2 << 30  # bytes of address space: a trial reserves 0.5 GB of it (measured)
_FILES = 200 << 20  # bytes of one file: a story's database has 3 MB (measured)
_LONGEST = 4_000  # characters of a failure that are kept


def main() -> None:
    os.nice(_POLITE)
    _bound()
    asked = json.load(sys.stdin)
    for name, failure in outcomes(asked["document"], asked["sources"]):
        line = {"story": name, "failure": failure and failure.to_json()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _bound() -> None:
    for limit, most in (
        (resource.RLIMIT_CPU, _PROCESSOR),
        (resource.RLIMIT_AS, _MEMORY),
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
    try:
        play(story, kit=kit, listener=listener)
    except StoryFailed as failed:
        return _short(failed.failure)
    except StoryError as broken:
        (problem, *_) = broken.problems
        place = f"{problem.at.file}:{problem.at.line}"
        return Failure(place, problem.code, tuple(problem.values.values()))
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

"""Stories that strangers hand us, to be kept beside their flows: how much of them is taken.

They are acted in a process of their own (trial.py), which has limits too; these are told at once,
with the line.
"""

from collections.abc import Iterator, Mapping

from bot.play.finding import is_recorded
from bot.play.heard import read_heard
from bot.play.lengths import duration
from bot.play.reading import stories_in
from bot.play.story import Story, StoryError, StoryProblem
from bot.play.words import STAFF_VERBS
from dialogs.format import Position, Problem

MOST_STORIES = 50  # a small one takes 0.1 s of processor (measured), a long one ten times that
MOST_STEPS = 100
MOST_TEXT = 200_000  # characters of all files: YAML is read at 130 KB a second (measured)
SECONDS = 120  # on the clock, all stories together; whoever publishes waits for them
MEMORY = 2  # GiB of address space: a trial reserves 0.5 GB of it (measured)
NO_MEMORY = 12  # the exit code of a trial that got none, after ENOMEM
_ABOUT = ("text", "tracking")  # what stands beside their verbs
MOST_DAYS = 400  # a birthday next year, and a month


def read_all(sources: Mapping[str, str]) -> list[Story]:
    """Every case of every file; StoryError names what is wrong in each."""
    stories: list[Story] = []
    problems: list[Problem] = []
    if sum(map(len, sources.values())) > MOST_TEXT:
        at = Position(next(iter(sources)))
        raise StoryError([StoryProblem("too_much_text", at, {"most": str(MOST_TEXT)})])
    for file, written in sorted(sources.items()):
        try:
            if is_recorded(file):
                read_heard(file, written)
            else:
                stories += stories_in(file, written)
        except StoryError as broken:
            problems += broken.problems
    if len(stories) > MOST_STORIES:
        many = {"count": str(len(stories)), "most": str(MOST_STORIES)}
        problems.append(StoryProblem("too_many", stories[MOST_STORIES].at, many))
    problems += [problem for story in stories for problem in _too_much(story)]
    if problems:
        raise StoryError(problems)
    return stories


def _too_much(story: Story) -> Iterator[Problem]:
    if len(story.steps) > MOST_STEPS:
        many = {"count": str(len(story.steps)), "most": str(MOST_STEPS)}
        yield StoryProblem("too_many_steps", story.at, many)
    turned = [duration(str(step.value)).days for step in story.steps if step.kind == "later"]
    if sum(turned) > MOST_DAYS:
        yield StoryProblem("too_far", story.at, {"most": str(MOST_DAYS)})
    for step in story.steps:
        if step.kind == "console":
            yield from _verbs(step.value, step.at)


def _verbs(given: Mapping[str, object], at: Position) -> Iterator[Problem]:
    """The rest of the console's words read files or publish; none of it is a conversation."""
    others = [word for word in given if word not in (*STAFF_VERBS, *_ABOUT)]
    if others or not set(given) & set(STAFF_VERBS):
        known = {"name": next(iter(others or given), ""), "known": ", ".join(STAFF_VERBS)}
        yield StoryProblem("console_verb", at, known)

"""What came of a trial, in lines: for a terminal, the API and the console."""

from bot.play.failures import Failure
from bot.terminal import complain, language
from data.flows.trial_models import FlowTrial
from data.kernel.locales import Locale


def failed_stories(trial: FlowTrial, locale: Locale) -> list[tuple[str, str]]:
    """Each red story by its name, and how it failed."""
    return [
        (line["story"], Failure.from_json(line["failure"]).render(locale))
        for line in trial.failures
    ]


def tell_trial(trial: FlowTrial | None) -> None:
    """Beside the output for programs; a version without stories has nothing to tell."""
    if trial is None:
        return
    for story, failure in failed_stories(trial, language()):
        complain("cli.story_failed", story=story, failure=failure)
    complain("cli.stories_tried", passed=trial.passed, failed=len(trial.failures))

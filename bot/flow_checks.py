"""Flow files checked against what this shop can do: our actions on the shelf, and those that its
merchant brought along. Stories that stand among them are checked too."""

from collections.abc import Collection, Mapping

from bot.play.finding import stories_among
from bot.play.limits import read_all
from bot.play.story import StoryError
from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowProblems, FlowSet, Position, Problem, check_flow_set, load_flow_set


def check_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> list[Problem]:
    """Every mistake and every warning, sorted by place. `called`: the merchant's own actions."""
    problems = check_flow_set(flows_among(sources), runnable={*ACTIONS, *called})
    return FlowProblems([*problems, *_of_stories(sources)]).problems


def load_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> FlowSet:
    """Raises FlowProblems with every mistake at once."""
    if _of_stories(sources):
        raise FlowProblems(check_flows(sources, called=called))
    return load_flow_set(flows_among(sources), runnable={*ACTIONS, *called})


def flows_among(sources: Mapping[str, str]) -> dict[str, str]:
    """What is to run; stories only try it."""
    stories = stories_among(sources)
    return {name: text for name, text in sources.items() if name not in stories}


def _of_stories(sources: Mapping[str, str]) -> list[Problem]:
    """What is wrong in them; or that there is nothing else."""
    stories = stories_among(sources)
    try:
        read_all(stories)
    except StoryError as broken:
        return broken.problems
    alone = min(stories, default=None) if stories.keys() >= sources.keys() else None
    return [Problem("only_stories", Position(alone))] if alone is not None else []

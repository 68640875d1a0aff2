"""Flow files checked against what this shop can do: our actions on the shelf, and those that its
merchant brought along. Stories, campaigns and the terms of common orders that stand among them are
checked too."""

from collections.abc import Collection, Mapping

from bot.campaign_checks import campaigns_among, problems_of, unknown_campaigns
from bot.campaign_files import CampaignProblem
from bot.play.finding import stories_among
from bot.play.limits import read_all
from bot.play.story import StoryError
from bot.split_files import SplitFileProblem, split_files_among, split_problems
from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowProblems, FlowSet, Position, Problem, check_flow_set, load_flow_set


def check_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> list[Problem]:
    """Every mistake and every warning, sorted by place. `called`: the merchant's own actions."""
    flows, campaigns = flows_among(sources), campaigns_among(sources)
    problems = [
        *check_flow_set(flows, runnable={*ACTIONS, *called}),
        *unknown_campaigns(flows, campaigns),
        *_beside(sources),
    ]
    return FlowProblems(problems).problems


def load_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> FlowSet:
    """Raises FlowProblems with every mistake at once."""
    if _beside(sources):
        raise FlowProblems(check_flows(sources, called=called))
    return load_flow_set(flows_among(sources), runnable={*ACTIONS, *called})


def flows_among(sources: Mapping[str, str]) -> dict[str, str]:
    """What is to run; stories only try it, campaigns and terms are what it may speak of."""
    terms = split_files_among(sources)
    beside = {**stories_among(sources), **campaigns_among(sources), **terms}
    return {name: text for name, text in sources.items() if name not in beside}


def _beside(sources: Mapping[str, str]) -> list[Problem]:
    """What is wrong in files that are no flows; or that there are none but those."""
    campaigns, terms = campaigns_among(sources), split_files_among(sources)
    problems = [*_of_stories(sources), *problems_of(campaigns), *split_problems(terms)]
    if campaigns and campaigns.keys() == sources.keys():
        problems.append(CampaignProblem("only_campaigns", Position(min(campaigns))))
    elif terms and campaigns.keys() | terms.keys() == sources.keys():
        problems.append(SplitFileProblem("only_terms", Position(min(terms))))
    return problems


def _of_stories(sources: Mapping[str, str]) -> list[Problem]:
    """What is wrong in them; or that there is nothing else."""
    stories = stories_among(sources)
    try:
        read_all(stories)
    except StoryError as broken:
        return broken.problems
    alone = min(stories, default=None) if stories.keys() >= sources.keys() else None
    return [Problem("only_stories", Position(alone))] if alone is not None else []

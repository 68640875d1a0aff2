"""Nothing opens by sharing, and nobody is paid for who was brought by whom they brought.

What cannot be read cannot decide: only these modules know of invitations, and none of them is
where seats, prices, limits or offers are settled. That a list is kept is no proof of kindness;
that a module outside it learns of them has to be seen.
"""

import ast
from dataclasses import fields

from bot.api.group_buys import TermsIn
from bot.campaign_files import Entry
from bot.console.campaign_form import CampaignForm
from data.group_buys import CampaignTerms
from data.group_buys.invitation_models import InvitedSeat
from tests.house.source import ROOT

_TABLES = {"Invitation", "InvitedSeat", "InviteReward", "InviteBudget"}
# Who may read these tables: what writes them down, what rewards, what counts, and the audit.
_KNOWN = {
    "data/audit/invitations.py",
    "data/group_buys/campaigns.py",  # keeps the terms of the budget
    "data/group_buys/invitations.py",
    "data/group_buys/invite_figures.py",
    "data/group_buys/invite_rewards.py",
    "data/group_buys/reward_models.py",
    "data/group_buys/rewarding.py",
    "data/group_buys/sharing.py",  # deletes those of links that were never sent
    "bot/api/reads/group_buys.py",
}
_TERMS = {"invite_reward", "invite_reward_budget", "invite_channels"}


def _names(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name if isinstance(node, ast.alias) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.alias | ast.Name)
    }


def test_only_what_notes_rewards_and_counts_invitations_reads_them() -> None:
    files = (
        path.relative_to(ROOT).as_posix()
        for package in ("bot", "data", "dialogs", "integrations")
        for path in (ROOT / package).rglob("*.py")
    )
    readers = {path for path in files if _TABLES & _names(path)}
    assert readers == _KNOWN


def test_a_campaign_has_no_term_for_a_second_level() -> None:
    said = {
        "terms": {one.name for one in fields(CampaignTerms)},
        "file": set(Entry.model_fields),
        "form": set(CampaignForm.model_fields) | {"invite_channels"},
        "api": set(TermsIn.model_fields),
    }
    for where, names in said.items():
        about = {name for name in names if "invit" in name or "level" in name or "refer" in name}
        assert about == _TERMS, where
    checks = [str(one.sqltext) for one in InvitedSeat.__table__.constraints if one.name and
              str(one.name).endswith("level")]  # fmt: skip
    assert checks == ["level = 1"]

"""`tuanzi campaigns`: a shop's group-buys from a file."""

import argparse
import sys

from bot.app import Tuanzi
from bot.campaign_files import CampaignProblems, apply_campaigns
from bot.terminal import BROKEN, EXIT_SOUND, language, tell
from bot.which_shop import find_merchant
from bot.yaml_files import text_of


def manage_campaigns(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """`apply FILE`: all of it, or every mistake with its line and nothing is kept."""
    try:
        with tuanzi.database.transaction() as session:
            merchant = find_merchant(session, options.merchant)
            applied = apply_campaigns(
                session,
                merchant=merchant,
                file=str(options.file),
                text=text_of(options.file),
                longest_hold=tuanzi.gateways.longest_hold(session, merchant.id),
                now=tuanzi.clock.now(),
            )
    except CampaignProblems as wrong:
        for problem in wrong.problems:
            sys.stdout.write(problem.render(language()) + "\n")
        return BROKEN
    tell(
        "cli.campaigns_applied",
        started=applied.started,
        changed=applied.changed,
        unchanged=applied.unchanged,
    )
    return EXIT_SOUND

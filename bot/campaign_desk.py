"""`tuanzi campaigns`: a shop's group-buys from a file."""

import argparse

from bot.app import Tuanzi
from bot.campaign_files import apply_campaigns
from bot.flow_files import report
from bot.shop_files import ShopFileProblems
from bot.terminal import EXIT_SOUND, tell
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
    except ShopFileProblems as wrong:
        return report(wrong.problems)
    tell(
        "cli.campaigns_applied",
        started=applied.started,
        changed=applied.changed,
        unchanged=applied.unchanged,
    )
    return EXIT_SOUND

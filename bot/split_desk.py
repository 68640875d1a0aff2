"""`tuanzi split-orders`: a shop's terms for what a group orders together, from a file."""

import argparse

from bot.app import Tuanzi
from bot.flow_files import report
from bot.shop_files import ShopFileProblems
from bot.split_files import apply_split_file
from bot.terminal import EXIT_SOUND, tell
from bot.which_shop import find_merchant
from bot.yaml_files import text_of


def manage_split_orders(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """`apply FILE`: all of it, or every mistake with its line and nothing is kept."""
    try:
        with tuanzi.database.transaction() as session:
            is_new = apply_split_file(
                session,
                merchant=find_merchant(session, options.merchant),
                file=str(options.file),
                text=text_of(options.file),
                by="cli",
                now=tuanzi.clock.now(),
            )
    except ShopFileProblems as wrong:
        return report(wrong.problems)
    tell("cli.split_orders_applied" if is_new else "cli.split_orders_as_before")
    return EXIT_SOUND

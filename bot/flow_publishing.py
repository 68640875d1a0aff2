"""Flow files from a terminal into a shop: `tuanzi flows publish`, and whatever else brings them."""

import argparse
import sys
from collections.abc import Mapping

from bot.action_servers import called_by
from bot.app import Tuanzi
from bot.flow_files import report, sources_of, ways_of
from bot.publishing import keep_flows
from bot.story_lines import tell_trial
from bot.terminal import BROKEN, EXIT_SOUND, complain
from bot.trials import StoriesRed, Terms, publish_tried, try_version
from bot.which_shop import find_merchant
from dialogs.format import FlowProblems


def publish_files(
    tuanzi: Tuanzi, *, merchant_id: str, sources: Mapping[str, str], terms: Terms
) -> str:
    """Kept, tried by the stories among them, which is told, and made live; gives the version's sha.
    FlowProblems, StoriesRed: what was live still is."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        sha = keep_flows(
            session,
            merchant_id=merchant_id,
            sources=sources,
            by="cli",
            now=now,
            called=called_by(session, tuanzi.house, merchant_id=merchant_id),
        )
    of_it = {"merchant_id": merchant_id, "sha": sha, "by": "cli"}
    tell_trial(try_version(tuanzi.database, **of_it, now=now))
    with tuanzi.database.transaction() as session:
        publish_tried(session, **of_it, now=now, terms=terms)
    return sha


def publish(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    try:
        sources = sources_of(options.files)
        terms = Terms(options.despite_red, ways_of(options.migrate))
        with tuanzi.database.reading() as session:
            merchant_id = find_merchant(session, options.merchant).id
        sha = publish_files(tuanzi, merchant_id=merchant_id, sources=sources, terms=terms)
    except FlowProblems as problems:
        return report(problems.problems)
    except StoriesRed:
        complain("cli.stories_red")
        return BROKEN
    sys.stdout.write(f"{sha}\n")
    return EXIT_SOUND

"""Stories for the small flow set: one that holds, one that does not."""

from bot.publishing import keep_flows
from bot.trials import stories_sha
from data.flows.trials import Outcome, keep_trial
from data.kernel.database import Database
from tests.bot.flow_files import WARMER
from tests.builders import NOW

GREEN = """\
defaults: {locale: en}
test_cases:
- test_case: a gift is taken note of
  steps:
  - {as: Lan, user: I need a gift, utter: utter_ask_recipient}
  - {press: My mum, utter: utter_noted}
"""
RED = (
    GREEN
    + """\
- test_case: the price is told
  steps:
  - {as: Lan, user: I need a gift, bot: "Who*"}
  - {press: My mum, bot: "* EUR"}
"""
)
GREEN_FILE = {"tests/gift.yml": GREEN}
RED_FILE = {"tests/gift.yml": RED}
FAILURE = {
    "place": "tests/gift.yml:10",
    "expected": "bot: * EUR",
    "got": ["Lan: <b>Noted</b>. [utter_noted]"],
    "events": ["flow_completed gift_finder noted"],
    "chats": [["Lan", ["Lan: [My mum]"]]],
}


def a_red_draft(database: Database, merchant_id: str) -> str:
    """A version whose story has failed; its sha."""
    with database.transaction() as session:
        mine = {"merchant_id": merchant_id, "by": "Owner", "now": NOW}
        sha = keep_flows(session, **mine, sources={**WARMER, **RED_FILE})
        failures = [{"story": "the price is told", "failure": FAILURE}]
        outcome = Outcome(sha, stories_sha(RED_FILE), 1, failures)
        keep_trial(session, **mine, outcome=outcome)
    return sha

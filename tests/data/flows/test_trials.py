"""What stories said of a version is found by those very stories; who overrode them is written."""

from data.flows.trials import Outcome, keep_trial, newest_trial, override, overrides
from data.kernel.database import Database
from tests.builders import NOW, a_merchant

SHA, THESE, OTHERS = "a" * 64, "b" * 64, "c" * 64
RED = [{"story": "a gift", "failure": {"place": "gift.yml:3"}}]


def test_the_newest_trial_by_these_stories_counts(each_database: Database) -> None:
    with each_database.transaction() as session:
        mine = {"merchant_id": a_merchant(session).id}
        keep_trial(session, **mine, outcome=Outcome(SHA, THESE, 1, RED), by="Lan", now=NOW)
        keep_trial(session, **mine, outcome=Outcome(SHA, THESE, 2, []), by="Wei", now=NOW)
        found = newest_trial(session, **mine, sha=SHA, stories=THESE)
        assert found is not None
        assert (found.passed, found.is_red, found.by) == (2, False, "Wei")
        assert newest_trial(session, **mine, sha=SHA, stories=OTHERS) is None
        assert newest_trial(session, **mine, sha=OTHERS, stories=THESE) is None
        assert newest_trial(session, merchant_id="another", sha=SHA, stories=THESE) is None


def test_an_override_names_its_trial_and_its_reason(each_database: Database) -> None:
    with each_database.transaction() as session:
        mine = {"merchant_id": a_merchant(session).id}
        trial = keep_trial(session, **mine, outcome=Outcome(SHA, THESE, 1, RED), by="L", now=NOW)
        override(session, trial=trial, reason="on Monday", by="Lan", now=NOW)
        (taken,) = overrides(session, **mine)
        assert (taken.trial_id, taken.sha, taken.reason) == (trial.id, SHA, "on Monday")
        assert overrides(session, merchant_id="another") == []

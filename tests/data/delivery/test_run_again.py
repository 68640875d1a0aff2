"""A job that failed every try gets them anew when a person says so, and only then."""

from datetime import timedelta

import pytest

from data.delivery import jobs
from data.delivery.models import Job
from data.kernel.database import Database
from data.kernel.errors import NotFound
from tests.builders import NOW, a_merchant

KIND, LANE = "refund_send", "order:ord_1"


def a_dead_job(database: Database) -> tuple[str, int]:
    with database.transaction() as session:
        merchant = a_merchant(session).id
        new = jobs.NewJob(LANE, KIND, f"{KIND}:1", NOW, {}, merchant)
        jobs.enqueue(session, new, now=NOW)
    for tried in range(jobs.MAX_ATTEMPTS):
        with database.transaction() as session:
            at = NOW + timedelta(hours=tried)
            job = jobs.claim(session, lane=LANE, now=at)
            assert job is not None
            jobs.fail(session, job_id=job.id, error="OperationalError", now=at)
            number = job.id
    return merchant, number


def test_it_is_due_again_with_all_its_tries(each_database: Database) -> None:
    merchant, number = a_dead_job(each_database)
    later = NOW + timedelta(days=1)
    with each_database.transaction() as session:
        assert jobs.claim(session, lane=LANE, now=later) is None
    again(each_database, merchant, number)
    with each_database.reading() as session:
        assert jobs.due_lanes(session, now=later) == [LANE]
        job = session.get_one(Job, number)
        assert (job.state, job.attempts, job.error) == ("due", 0, "")


@pytest.mark.parametrize("wrong", ["shop", "kind", "number", "state"])
def test_no_other_job_is_begun_anew(each_database: Database, wrong: str) -> None:
    merchant, number = a_dead_job(each_database)
    if wrong == "state":
        again(each_database, merchant, number)
    with pytest.raises(NotFound):
        again(
            each_database,
            "mer_other" if wrong == "shop" else merchant,
            number + 1 if wrong == "number" else number,
            kind="chat" if wrong == "kind" else KIND,
        )


def again(database: Database, merchant: str, number: int, *, kind: str = KIND) -> None:
    with database.transaction() as session:
        jobs.run_again(
            session, merchant_id=merchant, job_id=number, kinds={kind}, now=NOW + timedelta(days=1)
        )

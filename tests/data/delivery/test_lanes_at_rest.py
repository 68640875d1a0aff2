"""A lane is put to rest in the moment in which somebody enqueues: the new job is not slept through,
on SQLite and PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from data.delivery.jobs import NewJob, due_lanes, enqueue, finish, peek
from data.kernel.database import Database
from tests.builders import NOW
from tests.postgresql import is_waited_for

LANE = "order:1"
LATER = NOW + timedelta(minutes=1)
_PATIENCE = 60.0


def _job(key: str) -> NewJob:
    return NewJob(lane=LANE, kind="any", key=key, run_at=NOW, args={})


def _finish(database: Database) -> bool:
    with database.transaction() as session:
        _, job = peek(session, lane=LANE, now=NOW)
        assert job is not None
        return finish(session, job_id=job.id, now=NOW)


def test_a_job_that_comes_while_its_lane_is_put_to_rest_is_not_slept_through(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        enqueue(session, _job("first"), now=NOW)
    with ThreadPoolExecutor(1) as pool:
        with each_database.transaction() as session:
            enqueue(session, _job("second"), now=NOW)
            session.flush()
            finishing = pool.submit(_finish, each_database)
            begun = time.monotonic()
            while not is_waited_for(each_database):
                assert time.monotonic() - begun < _PATIENCE
                time.sleep(0.01)
        assert finishing.result(_PATIENCE)
    with each_database.reading() as session:
        assert due_lanes(session, now=LATER) == [LANE]

"""Requests that wait for each other's rows (SIMULATED: two locks of PostgreSQL, each request takes
them the other way round the first time) are both answered."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi import FastAPI, Request
from sqlalchemy import Executable, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from bot.web.crossing import MadeAgain
from data.kernel.database import Database, crossed

pytestmark = pytest.mark.postgresql
_PATIENCE = 60


class Crossing:
    """Two who each hold what the other wants, the first time they meet."""

    def __init__(self) -> None:
        self._both_hold = Barrier(2)
        self.tries: list[int] = []

    def take(self, session: Session, mine: int) -> None:
        self.tries.append(mine)
        session.execute(_lock(mine))
        if self.tries.count(mine) == 1:
            self._both_hold.wait(_PATIENCE)
        session.execute(_lock(1 - mine))


def _lock(number: int) -> Executable:
    return select(func.pg_advisory_xact_lock(number))


def _both(ask: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, (0, 1)))


def test_a_settled_piece_of_work_is_done_again(postgresql_database: Database) -> None:
    crossing = Crossing()

    def work(mine: int) -> int:
        def take(session: Session) -> int:
            crossing.take(session, mine)
            return mine

        return postgresql_database.settle(take)

    assert _both(work) == [0, 1]
    assert len(crossing.tries) == 3


def test_without_it_one_of_the_two_is_ended(postgresql_database: Database) -> None:
    crossing = Crossing()

    def work(mine: int) -> bool:
        try:
            with postgresql_database.transaction() as session:
                crossing.take(session, mine)
        except DBAPIError as error:
            return crossed(error)
        return False

    assert sorted(map(bool, _both(work))) == [False, True]


def test_both_requests_are_answered_with_what_they_sent(postgresql_database: Database) -> None:
    crossing = Crossing()
    app = FastAPI()

    @app.post("/{mine}")
    def take(mine: int, said: dict[str, str]) -> str:
        with postgresql_database.transaction() as session:
            crossing.take(session, mine)
        return said["word"]

    app.add_middleware(MadeAgain)
    with TestClient(app) as client:
        answers = _both(lambda mine: client.post(f"/{mine}", json={"word": f"w{mine}"}).json())
    assert answers == ["w0", "w1"]
    assert len(crossing.tries) == 3


@pytest.fixture
def broken(postgresql_database: Database) -> Iterator[TestClient]:
    """Each request meets somebody else's crossing lock; what is asked again is counted."""
    app = FastAPI()
    app.state.asked = 0

    def collide() -> None:
        crossing = Crossing()
        with ThreadPoolExecutor(2) as pool:
            for ended in [
                pool.submit(_take_alone, postgresql_database, crossing, n) for n in (0, 1)
            ]:
                ended.result()

    @app.post("/long")
    async def long(request: Request) -> None:
        app.state.asked += 1
        await request.body()
        collide()

    @app.post("/begun")
    def begun() -> StreamingResponse:
        app.state.asked += 1

        def say() -> Iterator[str]:
            yield "begun"
            collide()

        return StreamingResponse(say())

    app.add_middleware(MadeAgain)
    with TestClient(app) as client:
        yield client


def _take_alone(database: Database, crossing: Crossing, mine: int) -> None:
    with database.transaction() as session:
        crossing.take(session, mine)


@pytest.mark.parametrize(("path", "size"), [("/long", 64 * 1024 + 1), ("/begun", 0)])
def test_a_long_body_and_an_answer_that_has_begun_are_not_repeated(
    broken: TestClient, path: str, size: int
) -> None:
    with pytest.raises(DBAPIError):
        broken.post(path, content=b"x" * size)
    assert broken.app.state.asked == 1  # type: ignore[attr-defined]  # of our own application


def test_what_always_collides_is_told_as_broken_in_the_end(broken: TestClient) -> None:
    with pytest.raises(DBAPIError):
        broken.post("/long", content=b"x")
    assert broken.app.state.asked == 3  # type: ignore[attr-defined]  # of our own application

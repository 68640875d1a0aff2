"""Flow sets are kept by their content: loaded once, shared by merchants, given up when many."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from bot.publishing import publish_flows
from data.kernel.database import Database
from dialogs.library import FlowLibrary
from tests.bot.flow_files import FLOWS, WARMER
from tests.builders import NOW, a_merchant


@pytest.fixture
def read(database: Database) -> Iterator[list[str]]:
    """What was read of stored versions."""
    asked: list[str] = []

    def note(*args: object) -> None:
        if "FROM flow_versions" in str(args[2]):
            asked.append(str(args[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def shop_with(database: Database, *sources: dict[str, str]) -> tuple[str, list[str]]:
    """A merchant and the versions they published, one after the other."""
    with database.transaction() as session:
        merchant_id = a_merchant(session).id
        published = [
            publish_flows(session, merchant_id=merchant_id, sources=one, by="Lan", now=NOW)
            for one in sources
        ]
    return merchant_id, published


def test_merchants_with_the_same_flows_share_one_set(database: Database, read: list[str]) -> None:
    library = FlowLibrary()
    shops = [shop_with(database, FLOWS)[0] for _ in range(3)]
    read.clear()
    with database.reading() as session:
        first, *others = [library.live(session, merchant_id=shop) for shop in shops]
    assert all(one is first for one in others)
    assert len(read) == 1


def test_a_crowd_that_meets_a_new_version_loads_it_once(
    database: Database, read: list[str]
) -> None:
    library = FlowLibrary()
    shop, _ = shop_with(database, FLOWS)
    read.clear()

    def ask(_: int) -> object:
        with database.reading() as session:
            return library.live(session, merchant_id=shop)

    with ThreadPoolExecutor(8) as threads:
        assert len({id(found) for found in threads.map(ask, range(16))}) == 1
    assert len(read) == 1


def test_the_version_nobody_stood_in_for_longest_is_given_up(
    database: Database, read: list[str]
) -> None:
    library = FlowLibrary(most=2)
    other = {name: text.replace("Asks whom", "Asks for whom") for name, text in FLOWS.items()}
    shop, (one, two, three) = shop_with(database, FLOWS, WARMER, other)
    with database.reading() as session:

        def loads(sha: str) -> bool:
            read.clear()
            assert library.get(session, merchant_id=shop, sha=sha).sha == sha
            return bool(read)

        assert [loads(sha) for sha in (one, two, one)] == [True, True, False]
        assert loads(three)
        assert not loads(one)
        session.expunge_all()
        assert loads(two)

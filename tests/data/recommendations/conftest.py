"""The demo shop, read once through the importer: what the personas choose from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import FLOOR, ShopFloor, import_feed
from data.kernel.database import Base, Database
from data.merchants import Merchant
from integrations.catalogues import read_google_feed
from tests.builders import NOW, a_merchant

FEED = Path(__file__).parents[3] / "data" / "seeds" / "giftshop.tsv"


@pytest.fixture(scope="package")
def gift_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Read only: tests that change something make their own shop. Its goods are kept in memory,
    as bot/app.py has it."""
    file = tmp_path_factory.mktemp("gifts") / "shop.db"
    database = Database(f"sqlite:///{file}", info={FLOOR: ShopFloor()})
    Base.metadata.create_all(database.engine)
    feed = read_google_feed(FEED.read_bytes())
    assert feed.errors == ()
    with database.transaction() as session:
        shop = a_merchant(session)
        import_feed(session, merchant_id=shop.id, feed=feed, dry_run=False, now=NOW)
    yield database
    database.close()


@pytest.fixture
def session(gift_shop: Database) -> Iterator[Session]:
    with gift_shop.reading() as session:
        yield session


@pytest.fixture
def shop_id(session: Session) -> str:
    return session.scalars(select(Merchant.id)).one()

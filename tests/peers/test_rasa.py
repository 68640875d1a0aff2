"""A real Rasa 3.6 answers with goods of our shop: its actions are ours, served by the stock server
of rasa-sdk. The first run installs Rasa and trains a small model (some minutes)."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import select

from data.catalogue import Product
from data.kernel.database import Database
from tests.bench.server import Client, Shop, seeded_shop
from tests.peers.kept import NoPeer
from tests.peers.rasa_kept import SHOP, model
from tests.peers.rasa_peer import running_actions, running_rasa

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with seeded_shop() as shop:
        yield shop


@pytest.fixture(scope="module")
def rasa(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    try:
        model(SHOP)
    except NoPeer as reason:
        pytest.skip(f"no Rasa 3.6 here: {reason}")
    endpoints = tmp_path_factory.mktemp("rasa") / "endpoints.yml"
    with running_actions("dialogs.actions", shop.environment()) as port:
        endpoints.write_text(f'action_endpoint: {{url: "http://127.0.0.1:{port}/webhook"}}\n')
        with (
            running_rasa(SHOP, endpoints=endpoints) as server,
            closing(Client(server, locale="en")) as client,
        ):
            yield client


@pytest.fixture(scope="module")
def goods(shop: Shop) -> list[str]:
    """Titles of all that the shop has, in every language."""
    database = Database(shop.database_url)
    with database.reading() as session:
        titles = session.scalars(select(Product.title)).all()
    database.close()
    return [text for title in titles for text in title.values()]


def test_a_search_in_rasa_shows_goods_of_our_shop(rasa: Client, goods: list[str]) -> None:
    found = _named(rasa.hear("Ann", "mugs"), goods)
    assert any("mug" in title for title in found)


def test_rasa_remembers_for_our_actions_from_one_message_to_the_next(
    rasa: Client, goods: list[str]
) -> None:
    """Nothing that was shown comes again, since Rasa's tracker brings back what our action set."""
    first = _named(rasa.hear("Bea", "a gift for my mother"), goods)
    second = _named(rasa.hear("Bea", "something cheaper"), goods)
    assert first
    assert second
    assert not first & second


def _named(heard: str, goods: list[str]) -> set[str]:
    return {title for title in goods if title in heard}

"""Without an address of our own we ask: the same inbox, and an offset that only commits move."""

import shutil
from pathlib import Path

from sqlalchemy import select

from data.delivery.models import InboxRow
from tests import calling
from tests.peers.telegram_world import (
    Person,
    Street,
    a_shop,
    free_port,
    running_peer,
    serving,
    shop_settings,
    wait,
)

ANN = Person(101, "Ann")


def told_after(street: Street, words: str) -> int:
    """How many answers poison and then these words get."""
    before = len(street.told(ANN))
    poison = street.message(ANN, "hi")
    del poison["from"]["is_bot"]  # T04: the library's own polling would end here
    street.inject({"message": poison})
    street.say(ANN, words)
    wait(lambda: len(street.told(ANN)) > before or None, lambda: words)
    street.settle()
    return len(street.told(ANN)) - before


def test_polling_survives_poison_and_a_restart_answers_nothing_twice(
    seeded_shop: Path, tmp_path: Path
) -> None:
    shutil.copyfile(seeded_shop, tmp_path / "shop.db")
    journal = tmp_path / "journal.jsonl"
    with running_peer(journal) as peer, calling.client(timeout=30) as client:
        for words in ("hello", "thanks"):
            settings = shop_settings(
                tmp_path / "shop.db", port=free_port(), peer=peer, polling=True
            )
            with serving(a_shop(settings)) as tuanzi:
                assert told_after(Street(tuanzi, peer, journal, client), words) == 1
                with tuanzi.database.reading() as session:
                    rows = session.scalars(select(InboxRow.state).order_by(InboxRow.id)).all()
    assert rows == ["dead", "handled"] * 2

"""A customer who writes to a mortal shop through Telegram's stand-in, which outlives the shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from bot.demo.clock import clock_of
from bot.settings import Secret
from data.delivery.models import InboxRow, OutboxRow
from tests import calling
from tests.crash.shop import MortalShop, free_port
from tests.peers.telegram_world import (
    SECRET,
    TOKEN,
    Person,
    Street,
    a_shop,
    running_peer,
    shop_settings,
    wait,
)

ANN = Person(101, "Ann")
# Longer than a courier keeps a message to itself: what one died with is anybody's then.
_LEASE_OVER = timedelta(seconds=31)


@dataclass(slots=True)
class Corner:
    """`street` sees the shop's database and Telegram from outside; nothing runs in it."""

    shop: MortalShop
    street: Street
    updates: int = 0

    def say(self, text: str) -> None:
        self.street.say(ANN, text)
        self.settle(after=1)

    def press(self, label: str) -> None:
        self.street.press(ANN, label)
        self.settle(after=1)

    def pay(self) -> None:
        self.street.pay(ANN)
        self.settle()

    def settle(self, *, after: int = 0) -> None:
        """Until all updates are answered, however often the shop must be started for it."""
        self.updates += after
        wait(lambda: not self._open_work() or None, self._open_work)

    def _open_work(self) -> list[str]:
        if self.shop.has_died():
            self.shop.rise_again()
            self.shop.turn_clock(f"{_LEASE_OVER.seconds} seconds")
            clock_of(self.street.tuanzi).advance(_LEASE_OVER)
        with self.street.tuanzi.database.reading() as session:
            stored = session.scalar(select(func.count()).select_from(InboxRow))
        return ["telegram"] if stored != self.updates else self.street.open_work()

    def messages(self) -> list[OutboxRow]:
        """What the shop meant to say, and what it knows of how that went."""
        with self.street.tuanzi.database.reading() as session:
            return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))

    def arrived(self) -> dict[str, str]:
        """What really came, in order: Telegram's name of it, and what it says."""
        calls = [call for call in self.street.calls() if call["method"].startswith("send")]
        return {str(call["message_id"]): _content(call["fields"]) for call in calls}


def _content(fields: dict[str, str]) -> str:
    return f"{fields.get('text') or fields['caption']} {fields.get('reply_markup')}"


@contextmanager
def opened(shop: MortalShop, folder: Path, *, polling: bool) -> Iterator[Corner]:
    """The shop runs with a Telegram account, fetching its updates or called by a webhook."""
    with running_peer(folder / "journal.jsonl") as peer, calling.client() as client:
        shop.port = free_port()
        shop.environment = {
            "TUANZI_TELEGRAM_TOKEN": TOKEN,
            "TUANZI_TELEGRAM_API": f"{peer}/bot",
            **({"TUANZI_TELEGRAM_POLLING": "1"} if polling else {"TUANZI_TELEGRAM_SECRET": SECRET}),
        }
        shop.start()
        key = Secret((shop.folder / "demo.key").read_text())
        settings = shop_settings(shop.database, port=shop.port, peer=peer)
        onlooker = a_shop(replace(settings, field_keys=(key,)))
        try:
            yield Corner(shop, Street(onlooker, peer, folder / "journal.jsonl", client))
        finally:
            onlooker.close()
            shop.stop()  # before the peer, which would wait for whoever fetches updates

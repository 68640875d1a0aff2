"""The rooms of a shop under load: its goods and people, the processes beside the test that serve
it, and how to wait for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from bot.publishing import publish_shipped_flows
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.encryption import FieldCipher
from data.payments import Refund
from data.payments.models import OPEN_REFUNDS
from tests.builders import a_merchant, a_person, a_product, the_variant
from tests.crash.hurried_shop import Shop
from tests.crash.shop import free_port
from tests.house.source import ROOT

SHIPPING = 1000
_SEED = 20261123
_GOODS = 8
_PATIENCE = 600.0


def opened_shop(database: Database, folder: Path, *, people: int, units: int) -> Shop:
    """So many units, but not of every kind: what is given back late may be gone."""
    now = SystemClock().now()
    with database.transaction() as session:
        merchant = a_merchant(session, settings={"shipping_minor": SHIPPING})
        publish_shipped_flows(session, merchant_id=merchant.id, by="owner", now=now)
        buyers = [a_person(session, merchant, name=f"buyer {n}").id for n in range(people)]
        goods = [a_product(session, merchant, on_hand=units // _GOODS) for _ in range(_GOODS)]
        variants = sorted(the_variant(session, product).id for product in goods)
    url = database.engine.url.render_as_string(hide_password=False)
    return Shop(
        url=url.replace("+tuanzi", "").replace("postgresql:", "postgresql+psycopg:"),
        key=FieldCipher.new_key(),
        folder=str(folder),
        port=free_port(),
        seed=_SEED,
        start=now.isoformat(),
        since=time.monotonic(),
        merchant=merchant.id,
        people=buyers,
        variants=variants,
        goods=units // _GOODS * _GOODS,
        longest_life=0,
    )


@contextmanager
def served(shop: Shop) -> Iterator[None]:
    """By processes of their own, which are killed and begun anew; stopped as an operator would."""
    with (Path(shop.folder) / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.hurried_shop", shop.as_json()],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        yield
        (Path(shop.folder) / "peace").touch()
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE) == 0, (Path(shop.folder) / "log").read_text()[-5000:]
    finally:
        process.kill()
        process.wait()


def refunds_under_way(database: Database) -> int:
    with database.reading() as session:
        under_way = select(func.count()).where(Refund.state.in_(OPEN_REFUNDS))
        return session.scalar(under_way) or 0


def wait_for(true: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(0.2)


def count(folder: Path, what: str) -> int:
    file = folder / what
    return file.stat().st_size if file.exists() else 0

"""A process that makes the calls of actions which are due, and then ends."""

import asyncio
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from bot.app import Tuanzi, build
from bot.settings import Secret, Settings
from data.kernel.clock import TurnableClock

CALLS = "calls"  # the first option of such a life; then: file, key, moment


def open_shop(file: Path, key: str, moment: datetime) -> Tuanzi:
    settings = Settings(
        database_url=f"sqlite:///{file}",
        demo=True,
        field_keys=(Secret(key),),
        sandbox_secret=Secret("the bank's own little secret"),
        egress_allowed=(ip_network("127.0.0.0/8"),),
    )
    return build(settings, clock=TurnableClock(moment))


def make_calls(file: str, key: str, moment: str) -> int:
    asyncio.run(_settle(open_shop(Path(file), key, datetime.fromisoformat(moment))))
    return 0


async def _settle(tuanzi: Tuanzi) -> None:
    while await tuanzi.worker.drain() + await tuanzi.caller.drain():
        continue

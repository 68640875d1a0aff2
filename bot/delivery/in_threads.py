"""What talks to the database is done in a thread of the process's own, never in its loop."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from bot.app import Tuanzi

_Given = TypeVar("_Given")


async def in_thread(tuanzi: Tuanzi, act: Callable[..., _Given], *given: Any) -> _Given:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(tuanzi.threads, partial(act, *given))

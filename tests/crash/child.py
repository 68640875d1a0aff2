"""The demo server, or who makes calls of actions, with one seam that kills it, as a whole process.

The seams wrap functions of the product from outside; the product has no switch for this.
"""

import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from bot.app import Tuanzi
from bot.channels.telegram import Telegram
from bot.delivery import payments, telegram_door, turns, webhooks
from bot.delivery.action_caller import ActionCaller
from bot.demo import __main__ as demo
from dialogs.play import Play
from integrations.action_servers import ActionServer
from tests.crash.calls import CALLS, make_calls
from tests.peers.telegram_world import QUICK, at_speed

Wrapped = Callable[..., Any]


def dying(function: Wrapped, nth: int, *, before: bool) -> Wrapped:
    """The function, but its n-th call ends the process, before or after it did its work."""
    calls = iter(range(1, nth + 1))

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        last = next(calls, None) == nth
        if last and before:
            die()
        result = function(*args, **kwargs)
        if last:
            die()
        return result

    return wrapped


def dying_async(function: Wrapped, nth: int, *, before: bool) -> Wrapped:
    calls = iter(range(1, nth + 1))

    @functools.wraps(function)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        last = next(calls, None) == nth
        if last and before:
            die()
        result = await function(*args, **kwargs)
        if last:
            die()
        return result

    return wrapped


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# Where it dies: the owner of the function, its name, whether the work was done by then.
SEAMS: dict[str, list[tuple[Any, str, bool]]] = {
    "nowhere": [],
    "in_the_turn": [(Play, "close", False)],
    "after_the_commit": [(turns.Turns, "_commit", False)],
    "before_the_bank": [(payments, "perform", True)],
    "after_the_bank": [(payments, "perform", False)],
    "after_the_inbox": [
        (webhooks, "store_telegram_update", False),
        (telegram_door, "store_telegram_update", False),
    ],
    "before_the_send": [(Telegram, "deliver", True)],
    "between_two_parts": [(Telegram, "_show", False)],
    "after_the_send": [(Telegram, "deliver", False)],
    "after_the_lease": [(ActionCaller, "_lease", False)],
    "before_the_call": [(ActionServer, "call", True)],
    "after_the_answer": [(ActionServer, "call", False)],
    "after_taking_it": [(ActionCaller, "_commit", False)],
}


def plant(seam: str, nth: int) -> None:
    for owner, name, before in SEAMS[seam]:
        function = getattr(owner, name)
        wrap = dying_async if inspect.iscoroutinefunction(function) else dying
        setattr(owner, name, wrap(function, nth, before=before))


def without_pauses(open_demo: Callable[..., Tuanzi]) -> Callable[..., Tuanzi]:
    """Telegram's stand-in needs no pauses between two messages."""

    def opened(*args: Any) -> Tuanzi:
        tuanzi = open_demo(*args)
        return at_speed(tuanzi, QUICK) if tuanzi.telegram else tuanzi

    return opened


def live(seam: str, nth: int, options: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """To the end of the process."""
    os.environ.update(environment)
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(silence, standard)
    plant(seam, nth)
    if options[0] == CALLS:
        sys.exit(make_calls(*options[1:]))
    demo.open_demo = without_pauses(demo.open_demo)
    sys.exit(demo.main(options))

"""How fast we may speak. Nothing sleeps here: who is too fast is told how long to wait.

A limiter that waits inside the call would outlive the lease of the message it holds back, and
the library's own stops every chat while one is throttled.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.channels.adapter import Throttled

_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Speed:
    """`burst` at once, `burst` more over `per` seconds."""

    burst: int
    per: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """What a messenger bears from one account: altogether, in one chat, in one group."""

    overall: Speed
    chat: Speed
    group: Speed

    def of(self, chat: str, kind: str) -> dict[str, Speed]:
        """The buckets that one message for this chat is taken from."""
        wanted = {"": self.overall, f"chat:{chat}": self.chat}
        if kind == "group":
            wanted[f"group:{chat}"] = self.group
        return wanted


class Pace:
    """Token buckets by name, filled as time passes."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, wanted: dict[str, Speed]) -> None:
        """One from each, or none and Throttled."""
        now = self._time()
        left = {name: self._left(name, speed, now) for name, speed in wanted.items()}
        waits = [(1 - left[name]) * speed.per / speed.burst for name, speed in wanted.items()]
        if max(waits) > 0:
            raise Throttled(max(waits))
        for name, amount in left.items():
            self._buckets[name] = (amount - 1, now)
            self._buckets.move_to_end(name)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)

    def _left(self, name: str, speed: Speed, now: float) -> float:
        left, since = self._buckets.get(name, (float(speed.burst), now))
        return min(float(speed.burst), left + (now - since) * speed.burst / speed.per)

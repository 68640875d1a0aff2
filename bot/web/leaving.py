"""The word that ends open streams: a server that stops waits for its answers, streams too."""

from dataclasses import dataclass

from bot.delivery.bell import Bell

# Rung like a table, for listeners that hear only of some.
GOODBYE = "goodbye"


@dataclass(slots=True)
class Leaving:
    """Said once, when the process is asked to stop."""

    bell: Bell
    now: bool = False

    def __call__(self) -> None:
        self.now = True
        self.bell.ring(frozenset({GOODBYE}))

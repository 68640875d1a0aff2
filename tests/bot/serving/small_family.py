"""A family whose children only say where and who they are; the whole of a process.

Line out: place and number of a child that was born.
"""

import os
import signal
import sys
import time

from bot.serving.family import Family

GRACE = 0.5


def sleep(place: int) -> None:
    os.write(1, f"{place} {os.getpid()}\n".encode())
    while True:
        time.sleep(60)


def die_at_birth(place: int) -> None:
    os.write(1, f"{place} {os.getpid()}\n".encode())
    os._exit(7)


def will_not_end(place: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep(place)


LIVES = {life.__name__: life for life in (sleep, die_at_birth, will_not_end)}

if __name__ == "__main__":
    life = LIVES[sys.argv[1]]
    sys.exit(Family(2, life, on_leaving=lambda: None, grace=GRACE).live())

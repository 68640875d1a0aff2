"""A shop as it must not be, for the control of the load: it decides a team, commits, and wants to
do afterwards what follows for each seat. A process that dies there has forgotten it."""

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.group_buys import teams

MET = "forgotten"  # the file that has a dot for each time


def plant(folder: Path) -> None:
    def afterwards(session: Session, *_what: object, **_more: object) -> None:
        event.listen(session, "after_commit", lambda _session: die(folder), once=True)

    pytest.MonkeyPatch().setattr(teams, "for_each_seat", afterwards)


def die(folder: Path) -> None:
    """Of the moment between, every time: chance would have to be waited for."""
    if not (folder / "peace").exists():
        with (folder / MET).open("ab") as file:
            file.write(b".")
        os.kill(os.getpid(), signal.SIGKILL)

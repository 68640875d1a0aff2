"""`tuanzi flows watch`: while somebody writes flows, what they save is live at once if nothing is
wrong with it; what is wrong is told, and the shop goes on with the version it had.

The disk is asked, not listened to: that is the same on every system, also for a folder that is
mounted from another one. A file may be written in pieces, through another one that takes its
place, or not be there for a moment; so files are read once they have kept still for a look.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from bot.action_servers import called_by
from bot.app import Tuanzi
from bot.flow_checks import check_flows
from bot.flow_files import report, sources_of
from bot.flow_publishing import publish_files
from bot.terminal import BROKEN, EXIT_SOUND, complain, tell
from bot.trials import StoriesRed, Terms
from bot.which_shop import find_merchant
from bot.yaml_files import yaml_files
from data.flows import live_sha
from data.kernel.errors import ShopError
from dialogs.format import FlowProblems, shipped_files

TICK = 0.3  # seconds: below what one waits between saving a file and trying it in the chat
_LAST_TICK = 1.0  # what is being published when everything ends is undone
_SHOWN = 12  # characters of a version's name
Look = Mapping[Path, tuple[int, int, int]]


@dataclass(slots=True)
class FlowWatch:
    """One shop and the files that are to be its flows; none given are those that ship."""

    tuanzi: Tuanzi
    merchant_id: str
    files: Sequence[Path]
    _seen: Look = field(default_factory=dict)
    _tried: Look | None = None

    def run(self, left: Event) -> None:
        while not left.wait(TICK):
            self.look()

    def look(self) -> None:
        """Once; what is not as it was tried last, and keeps still, is tried."""
        now = _look_at(self.files)
        is_still, self._seen = now == self._seen, now
        if is_still and now != self._tried:
            self._take(now)
            sys.stdout.flush()

    def _take(self, seen: Look) -> None:
        try:
            sources = sources_of(list(self.files))
        except (FlowProblems, OSError) as error:
            if _look_at(self.files) == seen:
                self._tried = seen
                self._tell_unread(error)
            return
        if _look_at(self.files) == seen:  # else it was written to while it was read
            self._tried = seen
            self._publish(sources)

    def _tell_unread(self, error: FlowProblems | OSError) -> None:
        if isinstance(error, FlowProblems):
            report(error.problems)
        else:
            complain("cli.no_file", file=error.filename, why=error.strerror)
        self._tell_kept()

    def _publish(self, sources: Mapping[str, str]) -> None:
        before = self._live()
        if not self._is_published(sources):
            self._tell_kept()
        elif (now := self._live()) == before:
            tell("cli.watch_same", sha=now[:_SHOWN])
        else:
            tell("cli.watch_published", sha=now[:_SHOWN])

    def _is_published(self, sources: Mapping[str, str]) -> bool:
        try:
            if report(check_flows(sources, called=self._called())) == BROKEN:
                return False
            shop = self.merchant_id
            publish_files(self.tuanzi, merchant_id=shop, sources=sources, terms=Terms())
        except FlowProblems as problems:
            report(problems.problems)
        except StoriesRed:
            pass  # which of them failed is told already
        except ShopError as error:
            complain("cli.refused", code=error.code, detail=error.detail)
        else:
            return True
        return False

    def _tell_kept(self) -> None:
        tell("cli.watch_kept", sha=self._live()[:_SHOWN])

    def _live(self) -> str:
        with self.tuanzi.database.reading() as session:
            return live_sha(session, merchant_id=self.merchant_id)

    def _called(self) -> frozenset[str]:
        with self.tuanzi.database.reading() as session:
            return called_by(session, self.tuanzi.house, merchant_id=self.merchant_id)


def _look_at(files: Sequence[Path]) -> Look:
    """Time, size and identity of each file there is: a copy may keep the time, and an editor that
    writes through another file the size."""
    found: dict[Path, tuple[int, int, int]] = {}
    meant = [file for given in files for file in yaml_files(given)] if files else shipped_files()
    for file in meant:
        with suppress(OSError):  # gone since it was listed
            now = file.stat()
            found[file] = now.st_mtime_ns, now.st_size, now.st_ino
    return found


def open_watch(tuanzi: Tuanzi, files: Sequence[Path], *, merchant: str | None) -> FlowWatch:
    with tuanzi.database.reading() as session:
        shop = find_merchant(session, merchant).id
    tell("cli.watching", count=len(_look_at(files)), shop=shop)
    sys.stdout.flush()
    return FlowWatch(tuanzi, shop, files)


def watch(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        open_watch(tuanzi, options.files, merchant=options.merchant).run(Event())
    return EXIT_SOUND


@contextmanager
def watched(tuanzi: Tuanzi, files: Sequence[Path] | None) -> Iterator[None]:
    """Beside what runs meanwhile; None: nothing is watched."""
    if files is None:
        yield
        return
    left = Event()
    watching = open_watch(tuanzi, files, merchant=None)
    thread = Thread(target=watching.run, args=(left,), name="flow-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        thread.join(_LAST_TICK)

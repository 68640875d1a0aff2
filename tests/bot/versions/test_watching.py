"""Flow files are watched while somebody writes them: what is sound is live, the rest is told."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from bot.flow_watch import FlowWatch, open_watch, watched
from data.flows import live_sha
from dialogs.format import shipped_files
from tests.bot.flow_files import written
from tests.bot.versions.corner import CARD, GIFT, Corner, sources
from tests.house.source import ROOT

PATIENCE = 60  # seconds
STORY = """\
test_cases:
  - test_case: asked whom it is for
    steps: [{user: 我想挑个礼物, bot: v1 utter_ask_recipient}]
"""


class Desk:
    """A folder that a corner shop's flows are written in."""

    def __init__(self, corner: Corner, folder: Path) -> None:
        self.corner, self.folder = corner, folder / "flows"
        self.watch = FlowWatch(corner.tuanzi, corner.merchant, [self.folder])

    def write(self, version: str, *, without: str = "") -> None:
        written(self.folder, sources(version, without=without))

    def settle(self) -> None:
        """Two looks: the second sees that nobody writes any more."""
        self.watch.look()
        self.watch.look()

    @property
    def live(self) -> str:
        with self.corner.tuanzi.database.reading() as session:
            return live_sha(session, merchant_id=self.corner.merchant)


@pytest.fixture
def desk(corner: Corner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("LC_ALL", "en")
    desk = Desk(corner, tmp_path)
    corner.publish("v1")
    desk.write("v1")
    return desk


def test_what_is_saved_is_live_for_the_next_talk(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.settle()
    assert f"version {desk.live[:12]}, which is live, says the same" in capsys.readouterr().out
    assert desk.corner.hear("lan", GIFT) == ["v1 utter_ask_recipient"]
    desk.write("v2")
    desk.settle()
    assert desk.corner.hear("lan", "妈妈") == ["v1 utter_noted"]
    assert desk.corner.hear("lan", GIFT) == ["v2 utter_ask_recipient"]
    assert f"Live: version {desk.live[:12]}." in capsys.readouterr().out
    desk.settle()
    assert capsys.readouterr().out == ""  # what stands still is told once


def test_what_is_broken_is_told_by_its_place_and_leaves_the_shop_alone(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    flows, before = desk.folder / "flows.yml", desk.live
    sound = flows.read_text(encoding="utf-8")
    flows.write_text(sound.replace("collect: line", "collect: lime"), encoding="utf-8")
    desk.settle()
    line = sound[: sound.index("collect: line")].count("\n") + 1
    told = capsys.readouterr().out
    assert f"{flows}:{line}:" in told
    assert "error[" in told
    assert told.endswith(f"Not published. The shop goes on with version {before[:12]}.\n")
    assert desk.live == before
    assert desk.corner.hear("lan", CARD) == ["v1 utter_ask_line"]
    flows.write_text(sound.replace("who,", "whom,"), encoding="utf-8")
    desk.settle()
    assert desk.live != before


def test_a_file_that_is_still_written_to_waits(desk: Desk) -> None:
    """The first half of it would be a sound shop too: one without the other flows."""
    desk.settle()
    before, flows = desk.live, desk.folder / "flows.yml"
    whole = flows.read_text(encoding="utf-8").replace("who,", "whom,")
    with flows.open("w", encoding="utf-8") as file:
        for start in range(0, len(whole), 500):
            file.write(whole[start : start + 500])
            file.flush()
            desk.watch.look()
            assert desk.live == before
    desk.watch.look()
    assert desk.live != before


def test_an_editor_that_writes_through_another_file_is_understood(desk: Desk) -> None:
    """As vim and others do; even one that keeps time and size is seen to be another."""
    desk.settle()
    before, flows = desk.live, desk.folder / "flows.yml"
    beside = flows.with_name(".flows.yml.swp")
    text = flows.read_text(encoding="utf-8").replace("id: noted", "id: known", 1)
    was = flows.stat()
    beside.write_text(text, encoding="utf-8")
    desk.settle()
    assert desk.live == before  # it is no flow file
    os.utime(beside, ns=(was.st_atime_ns, was.st_mtime_ns))
    beside.replace(flows)
    desk.settle()
    assert flows.stat().st_size == was.st_size
    assert desk.live != before


def test_a_file_that_goes_takes_its_flow_along(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = desk.folder / "thanks.yml"
    extra.write_text(
        "flows:\n  thank:\n    description: Says thanks.\n"
        "    steps: [{id: thanks, action: utter_thanks}]\n",
        encoding="utf-8",
    )
    before = desk.live
    desk.settle()
    assert desk.live != before
    extra.unlink()
    desk.settle()
    assert desk.live == before
    capsys.readouterr()
    (desk.folder / "domain.yml").unlink()  # what the others cannot do without
    desk.settle()
    assert "error[" in capsys.readouterr().out
    for file in sorted(desk.folder.rglob("*.yml")):
        file.unlink()
    desk.settle()
    assert "error[no_flow_files]" in capsys.readouterr().out
    desk.folder.rename(desk.folder.with_name("elsewhere"))
    desk.settle()
    assert desk.live == before


def test_beside_a_demo_it_watches_for_as_long_as_that_runs(desk: Desk) -> None:
    before = desk.live
    with watched(desk.corner.tuanzi, [desk.folder]):
        desk.write("v2")
        _wait(lambda: desk.live != before)
        assert "flow-watch" in _threads()
    _wait(lambda: "flow-watch" not in _threads())
    with watched(desk.corner.tuanzi, None):
        assert "flow-watch" not in _threads()


def test_without_files_it_looks_at_those_that_ship(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    open_watch(desk.corner.tuanzi, [], merchant=None)
    assert f"Watching {len(shipped_files())} flow files" in capsys.readouterr().out


@pytest.mark.slow
def test_a_process_beside_a_running_shop_watches_until_ctrl_c(desk: Desk, tmp_path: Path) -> None:
    """And stories that stand beside the flows keep back what they do not fit, as in a publish."""
    shown, story = tmp_path / "shown.txt", desk.folder / "story.yml"
    with shown.open("w") as screen, _watching(desk, screen) as process:
        try:
            _wait(lambda: "which is live" in shown.read_text("utf-8"))
            story.write_text(STORY, encoding="utf-8")
            desk.write("v2")
            _wait(lambda: "Not published." in shown.read_text("utf-8"))
            assert "0 passed, 1 failed" in shown.read_text("utf-8")
            assert desk.corner.hear("lan", GIFT) == ["v1 utter_ask_recipient"]
            story.unlink()
            _wait(lambda: "Live: version" in shown.read_text("utf-8"))
            assert desk.corner.hear("ann", GIFT) == ["v2 utter_ask_recipient"]
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert "Traceback" not in shown.read_text("utf-8")


def _watching(desk: Desk, screen: IO[str]) -> subprocess.Popen[str]:
    settings = desk.corner.tuanzi.settings
    (key,) = settings.field_keys
    ours = {"TUANZI_DATABASE_URL": settings.database_url, "TUANZI_FIELD_KEYS": key.reveal()}
    start = "from bot.cli import main; raise SystemExit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", start, "flows", "watch", str(desk.folder)],
        cwd=ROOT,
        env={**os.environ, **ours, "LC_ALL": "en", "PYTHONIOENCODING": "utf-8"},
        stdout=screen,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def _wait(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)

"""nheko, a Matrix client of others (Debian's package), in an X server of its own that nobody sees.

It is logged in as somebody of the test's homeserver; what is pressed and typed there comes from
xdotool, and what it shows is read off the screen.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageGrab

from tests.peers.kept import NoPeer, surroundings
from tests.peers.synapse_peer import User

SIZE = (920, 640)
_TOOLS = ("nheko", "xdotool", "Xvfb")
_STILL_SECONDS, _PATIENCE = 2.0, 60.0
_CURSOR = 4  # pixels it is wide
_SIGNED_IN = "initial sync completed"
# Of a window of this size: "Cancel" of the first question, the banner's cross, where one writes.
_CANCEL, _BANNER, _WRITING = (SIZE[0] - 67, SIZE[1] - 39), (260, 75), (500, SIZE[1] - 20)
_BAR, _SHEET = (10, SIZE[1] // 2), (24, SIZE[1] // 2)
_WHITE = (255, 255, 255)
_CONFIG = """[General]
run_without_secure_secrets_service=true

[auth]
access_token={token}
device_id={device}
home_server={server}
user_id={user}

[user]
theme=light
font_family=Noto Sans CJK TC
desktop_notifications=false
tray=false

[window]
width={size[0]}
height={size[1]}
"""


@dataclass(frozen=True, slots=True)
class Nheko:
    screen: str
    environment: dict[str, str]

    def open_room(self, room: str) -> None:
        """As a link on a page does it: a second one tells the first."""
        link = f"matrix:roomid/{room.removeprefix('!')}"
        subprocess.run(["nheko", link], env=self.environment, check=True, capture_output=True)
        self.settled()

    def write(self, text: str) -> None:
        self._click(_WRITING)
        self._do("type", "--delay", "80", text)
        self._do("key", "Return")

    def press(self, place: tuple[int, int]) -> None:
        self._click(place)
        self.settled()

    def asks(self) -> bool:
        return _asks(self._look())

    def settled(self) -> Image.Image:
        """The screen, once it moves no more."""
        until, since, shown = time.monotonic() + _PATIENCE, time.monotonic(), self._look()
        while time.monotonic() < until:
            time.sleep(0.2)
            now = self._look()
            if _moved(shown, now):
                since, shown = time.monotonic(), now
            elif time.monotonic() - since > _STILL_SECONDS:
                if not _asks(now):
                    return now
                self._click(_CANCEL)  # it asks again whenever it has looked at its keys
        raise NoPeer("nheko does not come to rest")

    def _look(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.screen).convert("RGB")

    def _click(self, place: tuple[int, int]) -> None:
        self._do("mousemove", *map(str, place), "click", "1")

    def _do(self, *what: str) -> None:
        subprocess.run(["xdotool", *what], env=self.environment, check=True)


def _asks(screen: Image.Image) -> bool:
    """Whether the keys of encrypted rooms are to be set up: on a white sheet that covers the dark
    bar all but its edge."""
    return screen.getpixel(_SHEET) == _WHITE != screen.getpixel(_BAR)


def _moved(before: Image.Image, after: Image.Image) -> bool:
    """More than a cursor that blinks."""
    changed = ImageChops.difference(before, after).getbbox()
    return changed is not None and changed[2] - changed[0] > _CURSOR


@contextmanager
def running_nheko(user: User, folder: Path) -> Iterator[Nheko]:
    """NoPeer: it cannot be had here; the text says why."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise NoPeer(f"no {', '.join(missing)}: sudo apt-get install nheko xdotool xvfb")
    _configure(user, folder)
    with _screen() as screen, (folder / "out.txt").open("wb") as out:
        environment = _environment(folder, screen)
        process = subprocess.Popen(["nheko"], env=environment, stdout=out, stderr=out)
        try:
            _wait(lambda: _SIGNED_IN in (folder / "out.txt").read_text(errors="replace"))
            nheko = Nheko(screen, environment)
            _wait(nheko.asks)
            nheko.settled()
            nheko.press(_BANNER)
            yield nheko
        finally:
            process.terminate()
            process.wait(30)


def _configure(user: User, folder: Path) -> None:
    device = user.call("GET", "/account/whoami")["device_id"]
    config = folder / "config" / "nheko"
    config.mkdir(parents=True)
    told = _CONFIG.format(
        token=user.token, device=device, server=user.synapse.url, user=user.id, size=SIZE
    )
    (config / "nheko.conf").write_text(told, encoding="utf-8")


def _environment(folder: Path, screen: str) -> dict[str, str]:
    proxies = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
    homes = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    return surroundings(
        **proxies,
        **homes,
        HOME=str(folder),
        XDG_RUNTIME_DIR=str(folder),
        DISPLAY=screen,
        LANG="C.UTF-8",
    )


@contextmanager
def _screen() -> Iterator[str]:
    """The server chooses a free number itself."""
    read, write = os.pipe()
    wanted = ["-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24"]
    command = ["Xvfb", *wanted, "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(look: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not look():
        if time.monotonic() > until:
            raise NoPeer("nheko is not as it is known")
        time.sleep(0.2)

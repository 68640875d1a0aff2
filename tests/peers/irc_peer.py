"""An ngircd on loopback, and people at it with the plainest of clients."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.peers.irc_kept import server
from tests.peers.kept import surroundings
from tests.peers.telegram_world import free_port, wait

# RFC 1459: 512 bytes with the server's prefix and the line's end.
LONGEST_LINE = 512
_CONF = """[Global]
Name = irc.loop.test
Info = t
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxNickLength = 20
MaxJoins = 50
MaxPenaltyTime = 0
[Options]
PAM = no
Ident = no
DNS = no
"""
_SAID = re.compile(r":([^!\s]+)!\S+ PRIVMSG (\S+) :(.*)")


class Line(NamedTuple):
    who: str
    where: str
    text: str


@dataclass
class Person:
    """One connection; a thread reads along."""

    nick: str
    port: int
    lines: list[Line] = field(default_factory=list)
    longest: int = 0
    _greeted: bool = False
    _there: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        threading.Thread(target=self._read, daemon=True).start()
        self._tell(f"NICK {self.nick}")
        self._tell(f"USER {self.nick} 0 * :{self.nick}")
        wait(lambda: self._greeted or None, lambda: f"{self.nick} on the server")

    def join(self, channel: str) -> None:
        self._tell(f"JOIN {channel}")
        wait(lambda: channel in self._there or None, lambda: f"{self.nick} in {channel}")

    def say(self, where: str, text: str) -> None:
        self._tell(f"PRIVMSG {where} :{text}")

    def read(self, who: str, where: str) -> list[str]:
        """What this one said there; `where` is a channel, or ourselves."""
        return [line.text for line in self.lines if (line.who, line.where) == (who, where)]

    def leave(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _tell(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\r\n")

    def _read(self) -> None:
        with suppress(OSError), self._socket.makefile("rb") as stream:
            for raw in stream:
                self.longest = max(self.longest, len(raw))
                self._hear(raw.decode().rstrip("\r\n"))

    def _hear(self, line: str) -> None:
        said = _SAID.fullmatch(line)
        if said:
            self.lines.append(Line(*said.groups()))
        elif line.startswith("PING"):
            self._tell(line.replace("PING", "PONG", 1))
        elif " 001 " in line:
            self._greeted = True
        elif " 366 " in line:  # the end of the list of who is there
            self._there.add(line.split()[3])


@contextmanager
def running_ngircd(folder: Path) -> Iterator[int]:
    """Its port; NoPeer where it cannot be had."""
    home, port = server(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "ng.conf"
    conf.write_text(_CONF.format(port=port))
    libraries = ":".join(str(path) for path in (home / "usr" / "lib").glob("*-linux-gnu*"))
    process = subprocess.Popen(
        [home / "usr" / "sbin" / "ngircd", "-n", "-f", conf],
        env=surroundings(LD_LIBRARY_PATH=libraries),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait(lambda: _answers(port), lambda: "ngircd")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool | None:
    with socket.socket() as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None

"""A real ngircd, as Debian packs it, unpacked below `~/.cache/tuanzi` (see kept.py) and never
installed. 300 KB; safe to delete."""

import platform
from pathlib import Path

from tests.peers.kept import NoPeer, cache, once, run

_PACKAGES = ("ngircd", "libident")


def server() -> Path:
    """The folder with its `usr`, made if it is not there."""
    return once(cache() / f"ngircd-{platform.machine()}", _unpack)


def _unpack(folder: Path) -> None:
    if not Path("/usr/bin/apt-get").exists():
        raise NoPeer("ngircd comes from Debian's packages")
    folder.mkdir(parents=True)
    run(["apt-get", "download", *_PACKAGES], cwd=folder)
    for package in sorted(folder.glob("*.deb")):
        run(["dpkg", "-x", package, folder])
    if not (folder / "usr" / "sbin" / "ngircd").exists():
        raise NoPeer("no ngircd in its package")

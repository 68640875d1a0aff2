"""Peers too big for our own environment: each is installed once, outside the tree, below
`~/.cache/tuanzi`, named after its lock. Safe to delete, made anew when wanted."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

Command = Sequence[str | Path]
UV = Path(sys.executable).with_name("uv")


class NoPeer(Exception):
    """It cannot be had here; the text says why."""


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tuanzi"


def hash_of(files: Sequence[Path]) -> str:
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder`, whole: one process makes it while others wait; what broke off is begun anew."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "done").touch()
    return folder


def install(folder: Path, lock: Path, *, python: str) -> None:
    """An environment with what the lock pins, and nothing else."""
    run([UV, "venv", "--quiet", "--python", python, folder])
    to: Command = ["--python", folder / "bin" / "python", "-r", lock]
    packages: Command = [UV, "pip", "install", "--quiet", "--require-hashes", *to]
    try:
        run(packages)
    except NoPeer:  # behind a proxy only the machine's own certificates may do
        run([*packages, "--system-certs"])


def surroundings(**more: str) -> dict[str, str]:
    """Environment variables of every such process: nothing of ours."""
    ours = ("PYTHON", "TUANZI_")
    theirs = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return {**theirs, **more}


def run(command: Command, *, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What it printed; NoPeer with its complaint if it fails."""
    try:
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=env or surroundings(),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise NoPeer(str(error)) from error
    if ended.returncode:
        raise NoPeer(f"{' '.join(map(str, command[:4]))} …\n{tail(ended.stderr)}")
    return ended.stdout


def tail(text: str) -> str:
    return text[-2000:].strip()


def tell(text: str) -> None:
    """At once: what comes next takes minutes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

"""WeCom's own library for WeChat's envelope, under Node: installed once and kept outside the tree.

Below `~/.cache/tuanzi`, named after wecom/package-lock.json; safe to delete, made anew when wanted.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.kept import NoPeer, cache, hash_of, once, tail

FILES = Path(__file__).parent / "wecom"
_LOCK = FILES / "package-lock.json"
_SECONDS = 120


@dataclass(slots=True)
class Oracle:
    """A Node process that is asked line by line."""

    process: subprocess.Popen[str]

    def ask(self, ask: str, **told: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"ask": ask, **told}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def running_oracle() -> Iterator[Oracle]:
    """NoPeer: Node or npm cannot be had here; the text says why."""
    node = shutil.which("node")
    if node is None:
        raise NoPeer("node")
    folder = once(cache() / f"wecom-crypto-{hash_of([_LOCK, FILES / 'oracle.js'])}", _install)
    command = [node, "oracle.js"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Oracle(process)
        finally:
            process.kill()


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoPeer("npm")
    shutil.copytree(FILES, folder)
    install = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    run = subprocess.run(
        install, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if run.returncode:
        raise NoPeer(tail(run.stderr))

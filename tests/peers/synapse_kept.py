"""A Synapse of its own environment: what synapse/requirements.lock pins, 270 MB (see kept.py).

The lock is made anew with (in tests/peers/synapse):
    uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url requirements.in -o requirements.lock
"""

import sys
from pathlib import Path

from tests.peers.kept import cache, hash_of, install, once, tell

VERSION = "1.163.2"
_LOCK = Path(__file__).parent / "synapse" / "requirements.lock"


def python() -> Path:
    """The Python of Synapse's environment, which is made if it is not there."""
    kept = once(cache() / f"synapse-{VERSION}-{hash_of([_LOCK])}", _install)
    return kept / "bin" / "python"


def _install(folder: Path) -> None:
    tell(f"Synapse {VERSION} is being installed below {folder.parent}: about 270 MB")
    install(folder, _LOCK, python=sys.executable)

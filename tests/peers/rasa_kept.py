"""What a Rasa 3.6 needs before it can run, made once and kept outside the tree.

Below `~/.cache/tuanzi`: a Python 3.10 with what rasa/requirements.lock pins, named after that lock,
and models, named after what they were learnt from. 2.7 GB; safe to delete, made anew when wanted.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

VERSION = "3.6.21"
FILES = Path(__file__).parent / "rasa"
_LOCK = FILES / "requirements.lock"
Command = Sequence[str | Path]
_UV = Path(sys.executable).with_name("uv")


class NoPeer(Exception):
    """Rasa cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Bot:
    """What a model is learnt from: names of files in rasa/."""

    config: str
    domain: str
    data: tuple[str, ...]

    def files(self) -> list[Path]:
        return [FILES / name for name in (self.config, self.domain, *self.data)]


_GIFTS = ("nlu.yml", "rules.yml")
FULL = Bot("config_full.yml", "domain.yml", _GIFTS)
LIGHT = Bot("config_light.yml", "domain.yml", _GIFTS)
SHOP = Bot("config_light.yml", "shop_domain.yml", ("shop_nlu.yml", "shop_rules.yml"))


def python() -> Path:
    """The Python of Rasa's environment, which is made if it is not there."""
    kept = _once(_cache() / f"rasa-{VERSION}-{_hash([_LOCK])}", _install)
    return kept / "bin" / "python"


def model(bot: Bot) -> Path:
    """What Rasa learnt from the bot's files: now, if it has not yet."""
    kept = _cache() / f"rasa-model-{_hash([*bot.files(), _LOCK])}"
    return _once(kept, lambda folder: _train(bot, folder)) / "model.tar.gz"


def surroundings() -> dict[str, str]:
    """Environment variables of every Rasa process: nothing of ours, and nobody is told."""
    ours = ("PYTHON", "TUANZI_")
    theirs = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return {**theirs, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tuanzi"


def _hash(files: Sequence[Path]) -> str:
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _once(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder`, whole: one process makes it while others wait; what broke off is begun anew."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "done").touch()
    return folder


def _install(folder: Path) -> None:
    tell(f"Rasa {VERSION} is being installed below {folder.parent}: about 2.7 GB")
    _run([_UV, "venv", "--quiet", "--python", _python_310(), folder])
    to: Command = ["--python", folder / "bin" / "python", "-r", _LOCK]
    install: Command = [_UV, "pip", "install", "--quiet", "--require-hashes", *to]
    try:
        _run(install)
    except NoPeer:  # behind a proxy only the machine's own certificates may do
        _run([*install, "--system-certs"])


def _python_310() -> str:
    """TensorFlow 2.12 needs it. pyenv's are not on the path; uv finds any other, or fetches one."""
    ours = Path.home().glob(".pyenv/versions/3.10.*/bin/python")
    return str(max(ours, default="3.10"))


def _train(bot: Bot, folder: Path) -> None:
    tell(f"Rasa learns {bot.config} once: a minute or two")
    folder.mkdir()
    config, domain, *data = bot.files()
    of: Command = ["-c", config, "-d", domain, "--data", *data]
    to: Command = ["--out", folder, "--fixed-model-name", "model"]
    learn: Command = [python(), "-m", "rasa", "train", *of, *to]
    _run(learn, cwd=folder)
    shutil.rmtree(folder / ".rasa", ignore_errors=True)


def _run(command: Command, *, cwd: Path | None = None) -> None:
    try:
        run = subprocess.run(
            command, cwd=cwd, env=surroundings(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise NoPeer(str(error)) from error
    if run.returncode:
        raise NoPeer(f"{' '.join(map(str, command[:4]))} …\n{tail(run.stderr)}")


def tail(text: str) -> str:
    return text[-2000:].strip()


def tell(text: str) -> None:
    """At once: what comes next takes minutes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

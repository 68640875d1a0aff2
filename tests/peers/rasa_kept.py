"""What a Rasa 3.6 needs before it can run, made once and kept outside the tree.

Below `~/.cache/tuanzi`: a Python 3.10 with what rasa/requirements.lock pins, named after that lock,
and models, named after what they were learnt from. 2.7 GB; safe to delete, made anew when wanted.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.peers import kept
from tests.peers.kept import Command, cache, hash_of, install, once, run, tell

VERSION = "3.6.21"
FILES = Path(__file__).parent / "rasa"
_LOCK = FILES / "requirements.lock"


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
    folder = once(cache() / f"rasa-{VERSION}-{hash_of([_LOCK])}", _install)
    return folder / "bin" / "python"


def model(bot: Bot) -> Path:
    """What Rasa learnt from the bot's files: now, if it has not yet."""
    folder = cache() / f"rasa-model-{hash_of([*bot.files(), _LOCK])}"
    return once(folder, lambda folder: _train(bot, folder)) / "model.tar.gz"


def surroundings() -> dict[str, str]:
    """Environment variables of every Rasa process: nothing of ours, and nobody is told."""
    return kept.surroundings(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3")


def _install(folder: Path) -> None:
    tell(f"Rasa {VERSION} is being installed below {folder.parent}: about 2.7 GB")
    install(folder, _LOCK, python=_python_310())


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
    run(learn, cwd=folder, env=surroundings())
    shutil.rmtree(folder / ".rasa", ignore_errors=True)

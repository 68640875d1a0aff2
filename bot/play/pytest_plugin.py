"""Story files as tests: `pytest stories/` in a merchant's own repository, with these settings:

    [tool.pytest]
    tuanzi_flows = "flows"             # the flow files to test; left out, those that ship
    tuanzi_catalogue = "goods.tsv"     # a Google feed; left out, the demo's goods

A YAML file with `test_cases:` at its top is taken; nothing is imported before one is found.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.play.finding import is_recorded, is_story
from bot.yaml_files import is_yaml, text_of

if TYPE_CHECKING:
    from bot.play.repository import Repository
    from bot.play.story import Story

_REPOSITORY: "pytest.StashKey[Repository]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Help is for programmers at a terminal, in the language pytest speaks."""
    parser.addini("tuanzi_flows", "folder of the flow files that stories are acted on", default="")
    parser.addini("tuanzi_catalogue", "Google feed of the goods that are sold", default="")
    parser.getgroup("tuanzi").addoption(
        "--record-heard",
        action="store_true",
        help="note beside each story what its messages mean, for later runs to go by",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "StoryFile | None":
    if not is_yaml(file_path) or is_recorded(file_path.name) or not is_story(text_of(file_path)):
        return None
    return StoryFile.from_parent(parent, path=file_path)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("record_heard") and _REPOSITORY in session.config.stash:
        session.config.stash[_REPOSITORY].write()


def repository(config: pytest.Config) -> "Repository":
    """Made when the first story is found."""
    if _REPOSITORY not in config.stash:
        from bot.play.repository import Repository  # noqa: PLC0415  # other tests need none of it

        if config.getoption("record_heard") and config.getoption("numprocesses", None):
            raise pytest.UsageError("--record-heard -n0")
        config.stash[_REPOSITORY] = Repository(
            flows=_path(config, "tuanzi_flows"),
            catalogue=_path(config, "tuanzi_catalogue"),
            records=config.getoption("record_heard"),
            root=config.rootpath,
        )
    return config.stash[_REPOSITORY]


def _path(config: pytest.Config, option: str) -> Path | None:
    """As settings have it: from the folder of the file that says so."""
    said = config.getini(option)
    root = config.inipath.parent if config.inipath else config.rootpath
    return root / said if said else None


class StoryFile(pytest.File):
    def collect(self) -> Iterator["StoryItem"]:
        from bot.play.story import StoryError  # noqa: PLC0415

        try:
            for story in repository(self.config).stories(self.path):
                item: StoryItem = StoryItem.from_parent(self, name=story.name)
                item.story = story
                yield item
        except StoryError as broken:
            raise self.CollectError(told(broken)) from None


class StoryItem(pytest.Item):
    story: "Story"

    def runtest(self) -> None:
        repository(self.config).play(self.path, self.story)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        said = told(excinfo.value)
        return said if said is not None else str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.story.at.line - 1, self.story.name


def told(error: BaseException) -> str | None:
    """In the language of the terminal; a bug of ours keeps its traceback."""
    from bot.play.failures import StoryFailed  # noqa: PLC0415
    from bot.terminal import language  # noqa: PLC0415
    from dialogs.format import Problems  # noqa: PLC0415

    if isinstance(error, StoryFailed):
        return error.failure.render(language())
    if isinstance(error, Problems):
        return error.render(language())
    return None

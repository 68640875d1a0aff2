"""Each case of each YAML file here is a test; its failure names the line of the story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.play.actor import StoryFailed, play
from bot.play.story import Story, read_stories


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "StoryFile | None":
    if file_path.suffix == ".yml":
        return StoryFile.from_parent(parent, path=file_path)
    return None


class StoryFile(pytest.File):
    def collect(self) -> Iterator["StoryItem"]:
        for story in read_stories(self.path):
            item: StoryItem = StoryItem.from_parent(self, name=story.name)
            item.story = story
            yield item


class StoryItem(pytest.Item):
    story: Story

    def runtest(self) -> None:
        play(self.story)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None
    ) -> str:
        if isinstance(excinfo.value, StoryFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        line = int(self.story.place.rsplit(":", 1)[1])
        return self.path, line, self.story.name

"""Which YAML files are stories, by what stands in them; imports nothing, for every run asks."""

import re
from collections.abc import Mapping

RECORDED = ".heard.yml"
# Saved as UTF-16 a file has a mark in front and a zero beside each letter; a story it is still.
_STORY = re.compile(r"^(?:\ufeff|\udcff\udcfe|\udcfe\udcff)?test_cases\s*:", re.MULTILINE)


def is_story(text: str) -> bool:
    return _STORY.search(text.replace("\0", "")) is not None


def is_recorded(file: str) -> bool:
    """What a story's messages mean, kept beside it."""
    return file.endswith(RECORDED)


def stories_among(sources: Mapping[str, str]) -> dict[str, str]:
    """The stories of a set of files, with what was recorded for them."""
    return {name: text for name, text in sources.items() if is_recorded(name) or is_story(text)}

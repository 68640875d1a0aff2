"""What commands say stands in cli.po in three languages: nothing missing, nothing left over."""

import re

import pytest

from bot.web.wording import catalogue, files_of
from data.kernel.locales import Locale
from tests.house.source import modules

_SAID = re.compile(r'"(cli\.[a-z_]+)"')


def said() -> set[str]:
    """Ids that stand anywhere in the product's code."""
    return {text for file in modules() for text in _SAID.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("locale", Locale)
def test_every_text_of_the_command_line_exists_and_is_used(locale: Locale) -> None:
    (file,) = (file for file in files_of(locale) if file.name == "cli.po")
    written = {str(text.id): str(text.string) for text in catalogue(file, locale) if text.id}
    assert set(written) == said()
    assert all(text.strip() for text in written.values())

"""Page texts: gettext catalogues in bot/locales, read from their .po files when a process starts.

Every text has an id (`orders.title`); the words, English ones too, stand in the .po files. Each
surface has a file of its own (console.po, errors.po …); a language is all of its files together.
"""

import json
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from data.kernel.locales import Locale

FOLDER = Path(__file__).parents[1] / "locales"
# gettext spells a script with an underscore.
FOLDERS = {Locale.ZH_HANS: "zh_Hans", Locale.ZH_HANT: "zh_Hant", Locale.EN: "en"}


def files_of(locale: Locale) -> list[Path]:
    return sorted((FOLDER / FOLDERS[locale] / "LC_MESSAGES").glob("*.po"))


def catalogue(file: Path, locale: Locale) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=FOLDERS[locale], abort_invalid=True)


@cache
def words(locale: Locale) -> Translations:
    """All texts of a language; an unknown id is shown as it is."""
    together = Translations()
    for file in files_of(locale):
        together.add(_compiled(catalogue(file, locale)))
    return together


def _compiled(source: Catalog) -> Translations:
    buffer = BytesIO()
    write_mo(buffer, source)
    buffer.seek(0)
    return Translations(buffer)


@cache
def for_script(locale: Locale, *surfaces: str) -> str:
    """The texts of some files as JSON for a page's script, without the surface before each id; a
    gap is written {so} and filled there."""
    folder = FOLDER / FOLDERS[locale] / "LC_MESSAGES"
    texts = {
        str(text.id).partition(".")[2]: str(text.string)
        for surface in surfaces
        for text in catalogue(folder / f"{surface}.po", locale)
        if text.id
    }
    return json.dumps(texts, ensure_ascii=False)


def say(text_id: str, locale: Locale, **values: object) -> str:
    """One text with its gaps filled, for what is not made from a template."""
    text: str = words(locale).ugettext(text_id)
    return text % values if values else text

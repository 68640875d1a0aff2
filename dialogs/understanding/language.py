"""Which of the three languages a message is written in."""

import re

from data.kernel.locales import Locale
from dialogs.understanding.folding import letters
from dialogs.understanding.lexicon import Lexicon

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z']+")
# A menu's entry, or what a messenger says when a chat is opened: nobody has written it.
_COMMAND = re.compile(r"^\s*/[A-Za-z]+(?:@\w+)?(?!\S)")


def language_of(text: str, stored: Locale, lexicon: Lexicon) -> Locale:
    """What everybody writes ("ok", an emoji, "/start") tells nothing: the stored language stays."""
    if _HAN.search(text):
        return _script_of(text, stored)
    words = {word.lower() for word in _LATIN_WORD.findall(_COMMAND.sub("", text, count=1))}
    return Locale.EN if words - lexicon.international else stored


def _script_of(text: str, stored: Locale) -> Locale:
    table = letters()
    traditional = sum(letter in table.only_traditional for letter in text)
    simplified = sum(letter in table.only_simplified for letter in text)
    if traditional == simplified:
        return stored if stored is not Locale.EN else Locale.ZH_HANS
    return Locale.ZH_HANT if traditional > simplified else Locale.ZH_HANS

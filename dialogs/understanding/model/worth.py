"""Whether a message is worth a question to a language model: short prose that nobody understood."""

from dialogs.understanding.meaning import is_no_prose
from dialogs.understanding.message import read_message
from dialogs.understanding.outcome import Understood
from dialogs.understanding.payload import looks_like_payload

_LONGEST = 500  # characters
_LEAST_LETTERS, _LEAST_HAN = 6, 3  # "asdf", 😂😂 and "hm?" say nothing to a model either
_HAN = "\u3400"
_NO_PROSE = "{}<>=\\|"


def is_worth_asking(text: str, understood: Understood) -> bool:
    """What the chain knows, or asks back about, needs no model."""
    if understood.link != "none" or len(text) > _LONGEST:
        return False
    if looks_like_payload(text) or is_no_prose(read_message(text)):
        return False
    return not any(sign in text for sign in _NO_PROSE) and _says_something(text)


def _says_something(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    han = sum(letter >= _HAN for letter in letters)
    return len(letters) >= _LEAST_LETTERS or han >= _LEAST_HAN

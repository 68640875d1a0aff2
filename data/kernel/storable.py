"""Text as every database of ours takes it: no NUL, no half of a character (a lone surrogate), and
in JSON no number that is none.

SQLite keeps a NUL and PostgreSQL does not; in JSON both keep either, and nobody can show it again.
What people write in chats is cleaned (`storable`); whatever else arrives is refused where all of it
passes, on its way to the database (data/kernel/dialects.py).
"""

import re
from json import JSONEncoder
from typing import Any

from sqlalchemy.exc import DontWrapMixin

from data.kernel.errors import Invalid

# A turn writes a dozen: without spaces, and without asking of each whether it holds itself.
_encode = JSONEncoder(check_circular=False, separators=(",", ":"), allow_nan=False).encode
_encode_plainly = JSONEncoder(check_circular=False, ensure_ascii=False).encode
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# A whole pair is an emoji or the like; what else begins so is half of one, or was written so.
_PAIRS = re.compile(r"\\ud[89ab]..\\ud[c-f]..|\\ud([89a-f]..)")


class UnstorableText(Invalid, DontWrapMixin):
    """Not wrapped by SQLAlchemy: it is the sender's mistake, and told as such."""

    code = "error_unstorable_text"


class UnstorableTime(Invalid, DontWrapMixin):
    """A moment at the end of the calendar: in Greenwich it is a day that there is not."""


def storable(text: str) -> str:
    """Without what no database takes; the rest stays."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def as_json(value: Any) -> str:
    """For a column."""
    try:
        text = _encode(value)
    except ValueError as error:  # 1e999 is more than any number; in JSON no database takes that
        raise UnstorableText from error
    if "u0000" in text or any(_PAIRS.findall(text)):  # quicker than with the backslash before it
        _refuse_json(_encode_plainly(value))
    return text


def _refuse_json(plain: str) -> None:
    """Exactly, now that it looks like it: a backslash may be meant as one."""
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise UnstorableText from None
    if _NUL.search(plain):
        raise UnstorableText


def refuse_nul(parameters: Any) -> None:
    """Of one execution. Halves of characters the drivers refuse themselves."""
    for value in parameters.values() if isinstance(parameters, dict) else parameters:
        if value.__class__ is str and "\0" in value:
            raise UnstorableText

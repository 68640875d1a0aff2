"""Commands as a messenger's menu sends them, `/gift my mother`: exact, and heard in the middle of
whatever is asked, for nobody answers a question with a slash."""

import re
from functools import cache

from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message, read_message

_COMMAND = re.compile(r"(/[^\s/@]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


def commanded(message: Message) -> tuple[str, Message] | None:
    """The intent behind a command, and what was said after it."""
    found = _COMMAND.fullmatch(message.original.strip())
    if found is None:
        return None
    intent = _intents().get(folded(found[1]))
    return (intent, read_message(found[2] or "")) if intent else None


@cache
def _intents() -> dict[str, str]:
    return {
        form: intent for intent, forms in lexicon().section("commands").items() for form in forms
    }

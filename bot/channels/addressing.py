"""Is it said to us? In a group only a command, a mention, a reply or a press is."""

import re

# Our own name in every script. Han script puts no space after a name, so what may follow is said.
_AFTER = r"(?=$|[\s,，:：、!！?？]|帮|幫|请|請|我|给|給|有|能|可|来|來|开|開)"
_NAME = rf"(?:tuanzi\b|团子{_AFTER}|團子{_AFTER})"
_MENTION = re.compile(
    rf"(?:@(?:tuanzi\w*|团子|團子)|^\s*(?:(?:hey|hi)\s+)?{_NAME})[\s,，:：、!！?？]*", re.IGNORECASE
)


def is_addressed(text: str) -> bool:
    """A command or a mention; a name in the middle of a sentence is talk about us, not to us."""
    return text.lstrip().startswith("/") or _MENTION.search(text) is not None


def without_mention(text: str) -> str:
    """What was said, without our name in front of it."""
    return _MENTION.sub(" ", text).strip()

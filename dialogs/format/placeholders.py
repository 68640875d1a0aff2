"""The `{gaps}` of a response: names of slots or of what an action or pattern provides."""

import re

# `{budget}` or, saying how to word it, `{budget:money}`; all other braces are plain text.
GAP = re.compile(r"\{([a-z_][a-z0-9_]*)(?::[a-z_]+)?\}")
WORDED_GAP = re.compile(r"\{([a-z_][a-z0-9_]*):[a-z_]+\}")
BRACES = re.compile(r"\{[^{}]*\}")
TEMPLATE = ("{{", "{%")  # what a template engine would run; we have none, so it is a mistake


def gaps_of(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in GAP.findall(text))


def worded_gaps_of(*texts: str) -> frozenset[str]:
    """Those that say how their value is to be put into words."""
    return frozenset(name for text in texts for name in WORDED_GAP.findall(text))

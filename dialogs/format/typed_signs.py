"""Signs that a Chinese keyboard or a word processor types where YAML wants the plain ones."""

WIDE_COLON = "\N{FULLWIDTH COLON}"
WIDE_COMMAS = "\N{FULLWIDTH COMMA}\N{IDEOGRAPHIC COMMA}"
WIDE_SPACES = "\N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"

_PLAIN = {
    WIDE_COLON: ":",
    "\N{FULLWIDTH COMMA}": ",",
    "\N{IDEOGRAPHIC COMMA}": ",",
    "\N{FULLWIDTH SEMICOLON}": ",",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT CORNER BRACKET}": '"',
    "\N{RIGHT CORNER BRACKET}": '"',
    "\N{FULLWIDTH LEFT PARENTHESIS}": "(",
    "\N{FULLWIDTH RIGHT PARENTHESIS}": ")",
    "\N{LEFT BLACK LENTICULAR BRACKET}": "[",
    "\N{RIGHT BLACK LENTICULAR BRACKET}": "]",
    "\N{FULLWIDTH LEFT CURLY BRACKET}": "{",
    "\N{FULLWIDTH RIGHT CURLY BRACKET}": "}",
    "\N{FULLWIDTH EQUALS SIGN}": "=",
    "\N{FULLWIDTH LESS-THAN SIGN}": "<",
    "\N{FULLWIDTH GREATER-THAN SIGN}": ">",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=",
    "\N{EM DASH}": "-",
}


def typed_sign(text: str) -> tuple[str, str] | None:
    """The first such sign of a text, and the plain one to type instead."""
    return next(((sign, _PLAIN[sign]) for sign in text if sign in _PLAIN), None)

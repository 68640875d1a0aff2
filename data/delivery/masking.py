"""Card numbers typed into a chat are masked before anything is written (T48)."""

import re
from typing import Any

from data.kernel.storable import storable

# Major industry prefixes of ISO/IEC 7812 with 15-19 digits; an EAN-13 is shorter and stays.
_CANDIDATE = re.compile(r"(?<!\d)(?:3[47]|4|5[1-5]|2[2-7]|6)(?:[ -]?\d){13,18}(?!\d)")
_LEAST, _MOST = 15, 19
_KEPT = 4
# A machine's own names of payments may look like cards, and money is given back by them whole.
_NAMES = frozenset({"telegram_payment_charge_id", "provider_payment_charge_id"})


def mask_cards(value: Any) -> Any:
    """The same JSON with every card number in its strings reduced to its last four digits, and
    without what could not be stored: a messenger would bring its update again for ever."""
    if isinstance(value, str):
        return _CANDIDATE.sub(_mask, storable(value))
    if isinstance(value, list):
        return [mask_cards(item) for item in value]
    if isinstance(value, dict):
        return {key: _of_key(key, item) for key, item in value.items()}
    return value


def _of_key(key: str, item: Any) -> Any:
    return storable(item) if key in _NAMES and isinstance(item, str) else mask_cards(item)


def _mask(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    if not _LEAST <= len(digits) <= _MOST or not _luhn(digits):
        return found.group()
    return "*" * (len(digits) - _KEPT) + digits[-_KEPT:]


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # Luhn's own nine
    return total % 10 == 0

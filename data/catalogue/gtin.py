"""The numbers under bar codes: GTIN-8, UPC-A (12), EAN-13, GTIN-14."""

_LENGTHS = (8, 12, 13, 14)


def is_gtin(digits: str) -> bool:
    """Has it a length that exists, and the right check digit (GS1: weights 3 and 1 from behind)?"""
    if len(digits) not in _LENGTHS or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[::-1]))
    return total % 10 == 0


def spellings(digits: str) -> list[str]:
    """The same number with and without leading zeros: a scanner may add or drop them."""
    bare = digits.lstrip("0")
    return [bare.zfill(length) for length in _LENGTHS if len(bare) <= length]

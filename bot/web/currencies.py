"""Which currencies there are today, as the CLDR says; what is no longer money is none."""

from functools import cache

from babel.core import get_global


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes that are legal tender somewhere."""
    used = get_global("territory_currencies").values()
    return frozenset(
        code for place in used for code, _since, until, tender in place if tender and until is None
    )

"""The menu below an official account's chat, in one of three languages. A press says its key as if
it was typed, so it can do no more than a person (T07).

WeChat shows everybody the same menu: since it no longer tells languages apart (its errcode 65320),
the shop's own language decides.
"""

from typing import Any

from bot.web.wording import say
from data.kernel.locales import Locale

# Above at most three with 16 bytes of name, below at most five with 60 (vendor's page of
# menu/create); a code that is scanned is looked up as a product.
_ABOVE = (
    ("shop", ("gift", "search", "scan")),
    ("together", ("group_buy", "birthday")),
    ("mine", ("order", "person")),
)
_SCANS = frozenset({"scan"})


def menu_in(locale: Locale) -> list[dict[str, Any]]:
    """As `menu/create` takes it."""
    return [
        {"name": _label(above, locale), "sub_button": [_entry(one, locale) for one in below]}
        for above, below in _ABOVE
    ]


def lines_of(menu: list[dict[str, Any]]) -> list[str]:
    """The names on it, as the platform says them or as `menu_in` does."""
    return [
        " · ".join([above["name"], *(one["name"] for one in above.get("sub_button", ()))])
        for above in menu
    ]


def _entry(name: str, locale: Locale) -> dict[str, Any]:
    if name in _SCANS:
        return {"type": "scancode_waitmsg", "name": _label(name, locale), "key": name}
    return {
        "type": "click",
        "name": _label(name, locale),
        "key": say(f"wechat.says.{name}", locale),
    }


def _label(name: str, locale: Locale) -> str:
    return say(f"wechat.menu.{name}", locale)

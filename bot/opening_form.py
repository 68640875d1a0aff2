"""What `tuanzi open-shop` was told, checked whole: every wrong option is named at once."""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import available_timezones

from bot.opening import NewShop, shipping
from bot.terminal import EXIT_USAGE, CannotDo, Text
from bot.web.currencies import currencies
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.merchants.staff import spelt

_T = TypeVar("_T")
# As long as its column; without the colon that parts merchant, table and row in a field's place.
_ID = re.compile(r"[a-z][a-z0-9-]{1,31}")
# Whether it reaches anybody only a letter can tell; this keeps slips of the finger out.
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LONGEST_EMAIL, _LONGEST_NAME = 254, 120  # their columns


@dataclass(frozen=True, slots=True)
class ShopForm:
    """A shop that may be opened, and its owner, who has no password yet."""

    shop: NewShop
    email: str
    owner: str


def read_form(options: argparse.Namespace) -> ShopForm:
    """Raises CannotDo with every problem."""
    problems: list[Text] = []

    def checked(text_id: str, said: str, read: Callable[[str], _T], wrong: _T) -> _T:
        try:
            return read(said)
        except ValueError:
            problems.append((text_id, {"said": said, "known": ", ".join(Locale)}))
            return wrong

    currency = checked("cli.bad_currency", options.currency, _currency, "")
    shop = NewShop(
        id=checked("cli.bad_id", options.id, _id, ""),
        name=checked("cli.bad_name", options.name, lambda _: _names(options), {}),
        currency=currency,
        locale=checked("cli.bad_locale", options.locale, Locale, Locale.EN),
        timezone=checked("cli.bad_timezone", options.timezone, _timezone, ""),
        settings=checked("cli.bad_shipping", currency, lambda _: _shipping(options, currency), {}),
    )
    email = checked("cli.bad_email", options.owner, _email, "")
    if problems:
        raise CannotDo(*problems, exit_code=EXIT_USAGE)
    owner = options.owner_name or email.partition("@")[0]
    return ShopForm(shop, email, owner[:_LONGEST_NAME])


def _fitting(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _id(name: str) -> str:
    return _fitting(_ID, name)


def _currency(code: str) -> str:
    if code.upper() not in currencies():
        raise ValueError
    return code.upper()


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError
    return name


def _email(address: str) -> str:
    if len(address) > _LONGEST_EMAIL:
        raise ValueError
    return _fitting(_EMAIL, spelt(address))


def _names(options: argparse.Namespace) -> dict[str, str]:
    """One name for every language, and what it is called in some of them."""
    names = {str(locale): options.name for locale in Locale}
    for said in options.name_in:
        locale, _, name = said.partition("=")
        names[str(Locale(locale))] = name
    kept = {locale: name.strip() for locale, name in names.items()}
    if not all(0 < len(name) <= _LONGEST_NAME for name in kept.values()):
        raise ValueError
    return kept


def _shipping(options: argparse.Namespace, currency: str) -> dict[str, Any]:
    """Nothing to say about it while the currency itself is wrong."""
    if not currency:
        return {}
    try:
        return shipping(options.shipping_fee, options.free_shipping_from, currency)
    except Invalid as error:
        raise ValueError from error

"""Pages from Jinja templates: always escaped; words, money and time in one of three languages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta, get_timezone_name
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web import static
from bot.web.wording import FOLDERS, words
from data.catalogue import Variant, price_of, text_in
from data.catalogue.models import attributes_in
from data.kernel.locales import Locale
from data.kernel.money import Money

_WEB = frozenset({"http", "https"})
# CLDR's short date, except in English: 11/12/26 is two days to two halves of its readers.
_MOMENT = {Locale.EN: "d MMM y, HH:mm"}


class Pages:
    """One surface's templates. `render` is the only way from values to HTML."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        # Made when first asked for: a command of the terminal reads no other language's texts.
        self._environments: dict[Locale, Environment] = {}

    def render(self, name: str, *, locale: Locale, **values: object) -> str:
        if locale not in self._environments:
            self._environments[locale] = self._environment(locale)
        template = self._environments[locale].get_template(name)
        return template.render(locale=locale, **values)

    def _environment(self, locale: Locale) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=True,  # Jinja's own choice by file name misses .html.j2 and .txt (T21)
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        texts = words(locale)
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # put there by i18n
            texts.ugettext, texts.ungettext, newstyle=True
        )
        environment.globals |= {"asset": static.address, "languages": tuple(Locale)}
        environment.filters |= _filters(locale)
        return environment


def _filters(locale: Locale) -> Mapping[str, Callable[..., object]]:
    tag, form = FOLDERS[locale], _MOMENT.get(locale, "short")

    def money(amount: Money) -> str:
        return format_currency(amount.amount, amount.currency, locale=tag)

    def when(moment: datetime, zone: str) -> str:
        return format_datetime(moment, form, tzinfo=ZoneInfo(zone), locale=tag)

    def how_long(seconds: int) -> str:
        return format_timedelta(seconds, locale=tag, threshold=1.5)

    def number(count: int) -> str:
        return format_decimal(count, locale=tag)

    def price(variant: Variant) -> str:
        return money(price_of(variant))

    def attributes(variant: Variant) -> dict[str, str]:
        return attributes_in(variant, locale)

    def text(texts: dict[str, str]) -> str:
        return text_in(texts, locale)

    return {
        "money": money,
        "when": when,
        "zone_name": partial(_zone_name, tag=tag),
        "how_long": how_long,
        "number": number,
        "price": price,
        "attributes": attributes,
        "text": text,
        "link": web_link,
    }


def _zone_name(moment: datetime, zone: str, *, tag: str) -> str:
    """Whose clock that is: "China Time". Summer time has the same name."""
    return get_timezone_name(moment.astimezone(ZoneInfo(zone)), zone_variant="generic", locale=tag)


def web_link(address: str) -> str:
    """The address if a browser may follow it, else nothing: `javascript:` is an address too."""
    try:
        return address if urlsplit(address.strip()).scheme.lower() in _WEB else ""
    except ValueError:
        return ""

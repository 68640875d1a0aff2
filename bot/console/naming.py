"""What forms about prices have in common: a name in three languages, and sums of the shop's."""

from decimal import Decimal

from pydantic import BaseModel, Field

from bot.console.desk import Desk
from bot.console.pages import FormProblems
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.kernel.money import Money

_LONGEST = 120


class NamedForm(BaseModel):
    """What a bill calls it; a language that is left empty shows another's."""

    name_en: str = Field(default="", max_length=_LONGEST)
    name_zh_hans: str = Field(default="", max_length=_LONGEST)
    name_zh_hant: str = Field(default="", max_length=_LONGEST)

    def name(self) -> dict[str, str]:
        told = {
            Locale.EN: self.name_en,
            Locale.ZH_HANS: self.name_zh_hans,
            Locale.ZH_HANT: self.name_zh_hant,
        }
        return {str(locale): name.strip() for locale, name in told.items() if name.strip()}


def money_in(field: str, amount: Decimal, desk: Desk) -> Money:
    """In the shop's currency; FormProblems where that has no such coins."""
    try:
        return Money.of(amount, desk.currency)
    except Invalid:
        raise FormProblems({field}) from None

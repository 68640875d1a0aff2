"""/api/v1/tax: the shop's one rate, for orders placed from its change on."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot.api.access import Known
from bot.api.shapes import Names, names_in, names_out
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.merchants import Merchant
from data.orders.taxes import Tax, change_tax, percent_of, tax_of

router = APIRouter(prefix="/tax", tags=["tax"])


class TaxShape(BaseModel):
    """`percent` is a decimal in a string, "8.875"; `included`: prices have it in them."""

    percent: str = Field(max_length=20)
    included: bool = True
    on_shipping: bool = False
    name: Names = Field(default_factory=dict)

    @classmethod
    def of(cls, tax: Tax) -> "TaxShape":
        return cls(
            percent=f"{tax.percent:f}",
            included=tax.included,
            on_shipping=tax.on_shipping,
            name=names_out(tax.name),
        )

    def tax(self) -> Tax:
        percent = percent_of(self.percent)
        return Tax(percent, self.included, self.on_shipping, names_in(self.name))


@router.get("")
def get_tax(client: Known, shop: Shop) -> TaxShape | None:
    """Null: none is reckoned."""
    with looking(shop.database, client.merchant_id) as session:
        tax = tax_of(session.get_one(Merchant, client.merchant_id))
        return TaxShape.of(tax) if tax else None


@router.put("")
def set_tax(body: TaxShape, client: Known, shop: Shop) -> TaxShape:
    tax = body.tax()
    with changing(shop.database, client.merchant_id) as session:
        change_tax(session, merchant_id=client.merchant_id, tax=tax, by=client.name, now=client.now)
    return TaxShape.of(tax)


@router.delete("", status_code=204)
def remove_tax(client: Known, shop: Shop) -> None:
    with changing(shop.database, client.merchant_id) as session:
        change_tax(
            session, merchant_id=client.merchant_id, tax=None, by=client.name, now=client.now
        )

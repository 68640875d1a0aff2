"""/api/v1/ledger: the shop's books in one line per account."""

from fastapi import APIRouter
from pydantic import BaseModel

from bot.api.access import Known
from bot.api.shapes import MoneyOut
from bot.web.scope import looking
from bot.web.shop import Shop
from data.ledger import trial_balance, unbalanced_entries

router = APIRouter(prefix="/ledger", tags=["ledger"])


class TrialBalance(BaseModel):
    """Credit-positive; all accounts of a currency sum to zero. `balanced`: every entry does."""

    accounts: dict[str, MoneyOut]
    balanced: bool


@router.get("/trial-balance")
def get_trial_balance(client: Known, shop: Shop) -> TrialBalance:
    with looking(shop.database, client.merchant_id) as session:
        accounts = trial_balance(session, merchant_id=client.merchant_id)
        return TrialBalance(
            accounts={name: MoneyOut.of(balance) for name, balance in accounts.items()},
            balanced=not unbalanced_entries(session, merchant_id=client.merchant_id),
        )

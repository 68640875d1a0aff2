"""The shop's books: double entry, append-only, every entry once."""

from data.ledger.append_only import append_only_ddl
from data.ledger.books import (
    CUSTOMER_HOLD,
    DISPUTE_LOST,
    DISPUTED,
    GIFT_CARD_LIABILITY,
    GIFT_CARDS_GRANTED,
    PSP_FEE,
    REFUND_PAYABLE,
    REVENUE,
    Leg,
    cash_in_transit,
    post,
    transfer,
    trial_balance,
    unbalanced_entries,
    was_posted,
)
from data.ledger.models import LedgerEntry, Posting
from data.ledger.statements import Movement, Span, Statement, statement

__all__ = [
    "CUSTOMER_HOLD",
    "DISPUTED",
    "DISPUTE_LOST",
    "GIFT_CARDS_GRANTED",
    "GIFT_CARD_LIABILITY",
    "PSP_FEE",
    "REFUND_PAYABLE",
    "REVENUE",
    "LedgerEntry",
    "Leg",
    "Movement",
    "Posting",
    "Span",
    "Statement",
    "append_only_ddl",
    "cash_in_transit",
    "post",
    "statement",
    "transfer",
    "trial_balance",
    "unbalanced_entries",
    "was_posted",
]

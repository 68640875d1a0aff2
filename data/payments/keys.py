"""One key per business act, so that a retry by timer, person or callback coincides."""

import hashlib

from data.kernel.money import Money

_LENGTH = 32  # WeChat Pay's out_trade_no takes no more; one form everywhere


def business_key(kind: str, subject_id: str, number: int, amount: Money) -> str:
    """128 bits of SHA-256 in hex; the same act always gives the same key."""
    act = f"{kind}|{subject_id}|{number}|{amount.minor}|{amount.currency}"
    return hashlib.sha256(act.encode()).hexdigest()[:_LENGTH]

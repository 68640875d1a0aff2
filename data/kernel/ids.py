"""Typed ids: a prefix that tells what it is, and 80 random bits in Crockford's base 32."""

import secrets
from typing import NewType

MerchantId = NewType("MerchantId", str)
StaffId = NewType("StaffId", str)
AccountId = NewType("AccountId", str)
PersonId = NewType("PersonId", str)
ChatId = NewType("ChatId", str)
ConversationId = NewType("ConversationId", str)
ProductId = NewType("ProductId", str)
VariantId = NewType("VariantId", str)
OrderId = NewType("OrderId", str)
AttemptId = NewType("AttemptId", str)
RefundId = NewType("RefundId", str)
CampaignId = NewType("CampaignId", str)
TeamId = NewType("TeamId", str)
SeatId = NewType("SeatId", str)
OccasionId = NewType("OccasionId", str)
FlowSha = NewType("FlowSha", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 16  # 16 characters of 5 bits: 80 random bits; ids name things, they open nothing


def new_id(prefix: str) -> str:
    """`new_id("ord")` gives `ord_7k3…`. Tokens that open something come from kernel.tokens."""
    bits = int.from_bytes(secrets.token_bytes(10))
    return f"{prefix}_" + "".join(_ALPHABET[bits >> (5 * i) & 31] for i in range(_LENGTH))

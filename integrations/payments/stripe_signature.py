"""Stripe's callbacks: `Stripe-Signature: t=…,v1=…[,v1=…][,v0=…]` over `t.` and the raw bytes.

The official SDK refuses only old stamps; one from the future is refused here too.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from data.payments.gateway import BadNotice

HEADER = "stripe-signature"
_TOLERANCE = 300  # seconds, the official SDKs' default
_LONGEST_STAMP = 12  # digits: the year 33658


def verify(raw: bytes, header: str, *, secrets: Sequence[str], now: datetime) -> None:
    """BadNotice unless one of the secrets signed these bytes five minutes from now at most."""
    stamp, signatures = _read(header)
    signed = b"%d." % stamp + raw
    ours = [hmac.new(secret.encode(), signed, "sha256").hexdigest().encode() for secret in secrets]
    if not any(hmac.compare_digest(mac, theirs) for mac in ours for theirs in signatures):
        raise BadNotice("signature_wrong")
    if abs(now.timestamp() - stamp) > _TOLERANCE:
        raise BadNotice("signature_old")


def _read(header: str) -> tuple[int, list[bytes]]:
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.encode() for name, _, value in parts if name == "v1"]  # v0 proves nothing
    if len(stamps) != 1 or not signatures:
        raise BadNotice("signature_missing")
    (stamp,) = stamps
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP):
        raise BadNotice("signature_missing")
    return int(stamp), signatures

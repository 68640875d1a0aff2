"""What a provider is told besides the sum, as an attempt keeps it. Who pays inside WeChat is
sealed, and forgotten once the attempt is over."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.payments.gateway import Details, Scene

PAYER = "payer_ref"


class Kept(Protocol):
    """An attempt, as far as it is needed here."""

    id: str
    merchant_id: str
    details: dict[str, Any]


def write_details(session: Session, attempt: Kept, details: Details) -> dict[str, Any]:
    until = details.expires_at.isoformat() if details.expires_at else None
    payer = details.payer_ref
    return {
        "about": details.about,
        "locale": details.locale,
        "scene": details.scene,
        "payer_ip": details.payer_ip,
        PAYER: cipher_of(session).encrypt(payer, place=_place(attempt)) if payer else "",
        "expires_at": until,
    }


def open_details(session: Session, attempt: Kept) -> Details:
    """With who pays; nobody, where the key is lost."""
    details, sealed = read_details(attempt.details), attempt.details.get(PAYER)
    if not sealed:
        return details
    try:
        payer = cipher_of(session).decrypt(sealed, place=_place(attempt))
    except Unreadable:
        return details
    return replace(details, payer_ref=payer)


def read_details(kept: dict[str, Any]) -> Details:
    """Without who pays. Of an attempt of the house's own, and of one that was begun before there
    were any: none."""
    if not kept:
        return Details()
    until = kept["expires_at"]
    return Details(
        about=kept["about"],
        locale=kept["locale"],
        scene=Scene(kept["scene"]),
        payer_ip=kept["payer_ip"],
        expires_at=datetime.fromisoformat(until) if until else None,
    )


def _place(attempt: Kept) -> str:
    return place_of(attempt.merchant_id, f"payment_attempts.{PAYER}", attempt.id)

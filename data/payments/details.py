"""What a provider is told besides the sum, as an attempt keeps it."""

from datetime import datetime
from typing import Any

from data.payments.gateway import Details, Scene


def write_details(details: Details) -> dict[str, Any]:
    until = details.expires_at.isoformat() if details.expires_at else None
    return {
        "about": details.about,
        "locale": details.locale,
        "scene": details.scene,
        "payer_ip": details.payer_ip,
        "payer_ref": details.payer_ref,
        "expires_at": until,
    }


def read_details(kept: dict[str, Any]) -> Details:
    """Of an attempt of the house's own, and of one that was begun before there were any: none."""
    if not kept:
        return Details()
    until = kept["expires_at"]
    return Details(
        about=kept["about"],
        locale=kept["locale"],
        scene=Scene(kept["scene"]),
        payer_ip=kept["payer_ip"],
        payer_ref=kept["payer_ref"],
        expires_at=datetime.fromisoformat(until) if until else None,
    )

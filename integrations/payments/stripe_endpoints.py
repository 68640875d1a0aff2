"""Where Stripe calls us: an endpoint made through its API, so that nobody has to copy a secret.

A restricted key may do it with the right to write webhook endpoints; without it a person makes the
endpoint in the dashboard.
"""

from urllib.parse import quote

from pydantic import BaseModel, Field

from integrations.payments.stripe_events import NEEDED
from integrations.payments.stripe_line import VERSION, Refusal, StripeLine
from integrations.payments.stripe_shapes import Endpoints

_PATH = "/v1/webhook_endpoints"
_DESCRIPTION = "Tuanzi"


class Made(BaseModel):
    """`secret` is told in this answer alone."""

    id: str = Field(min_length=1)
    secret: str = Field(repr=False, pattern=r"^whsec_\S+$")


async def make_endpoint(line: StripeLine, notify_url: str) -> Made | None:
    """None: the key may not, or Stripe cannot call that address (one that is not https, say)."""
    told = {
        "url": notify_url,
        "api_version": VERSION,
        "description": _DESCRIPTION,
        **{f"enabled_events[{nth}]": name for nth, name in enumerate(NEEDED)},
    }
    try:
        made, _ = await line.post(Made, _PATH, told)
    except Refusal:
        return None
    return made


async def drop_endpoints(line: StripeLine, notify_url: str, *, but: str) -> None:
    """Those of our address that are not in use any more. They would be called in vain."""
    try:
        page = await line.get(Endpoints, _PATH, {"limit": "100"})
        old = [one.id for one in page.data if one.url == notify_url and one.id not in ("", but)]
        for name in old:
            await line.delete(f"{_PATH}/{quote(name, safe='')}")
    except Refusal:
        return  # it may make them, and not look: their calls are refused and end by themselves

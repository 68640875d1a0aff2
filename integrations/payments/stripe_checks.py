"""Is an account at Stripe set up as it must be? Calls that read only."""

from collections.abc import Sequence

from integrations.payments.kinds import Finding, Mode
from integrations.payments.stripe_events import NEEDED
from integrations.payments.stripe_line import Refusal, StripeLine
from integrations.payments.stripe_shapes import Account, Endpoint, Endpoints

_NOT_MAY = 403
_EVERY = "*"


async def look_at_account(
    line: StripeLine, *, api_key: str, account: str, notify_url: str, has_secret: bool
) -> Sequence[Finding]:
    mode = Mode.LIVE if "_live_" in api_key else Mode.SANDBOX
    try:
        owner = await _owner(line)
    except Refusal as refusal:
        return [Finding(False, "key", vital=True, values={"mode": mode, "why": str(refusal)})]
    return [
        Finding(True, "key", vital=True, values={"mode": mode}),
        Finding(owner is not None, "account_read", needed=False),
        *(_of_owner(owner, account) if owner else []),
        Finding(has_secret, "secret"),
        *await _of_calls(line, notify_url),
    ]


async def _owner(line: StripeLine) -> Account | None:
    """None: a restricted key, which may not be asked whose it is."""
    try:
        return await line.get(Account, "/v1/account")
    except Refusal as refusal:
        if refusal.status != _NOT_MAY:
            raise
        return None


def _of_owner(owner: Account, account: str) -> list[Finding]:
    return [
        Finding(
            owner.id == account, "account", vital=True, values={"told": account, "found": owner.id}
        ),
        Finding(bool(owner.charges_enabled), "charges"),
    ]


async def _of_calls(line: StripeLine, notify_url: str) -> list[Finding]:
    try:
        page = await line.get(Endpoints, "/v1/webhook_endpoints", {"limit": "100"})
    except Refusal:
        return [Finding(False, "webhook_read", values={"url": notify_url})]
    ours = [endpoint for endpoint in page.data if endpoint.url == notify_url]
    told = {"url": notify_url}
    if not ours:
        return [Finding(True, "webhook_read", values=told), Finding(False, "webhook", values=told)]
    best = max(ours, key=lambda endpoint: endpoint.status == "enabled")
    return [
        Finding(True, "webhook_read", values=told),
        Finding(True, "webhook", values=told),
        Finding(best.status == "enabled", "webhook_on", values=told),
        _of_events(best),
    ]


def _of_events(endpoint: Endpoint) -> Finding:
    named = set(endpoint.enabled_events)
    missing = [] if _EVERY in named else [event for event in NEEDED if event not in named]
    return Finding(not missing, "webhook_events", values={"missing": ", ".join(missing)})

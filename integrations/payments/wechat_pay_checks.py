"""What can be said of a merchant's account at WeChat Pay from one answer that moves no money.

Not seen from here: whether the app is bound to the merchant number, which ways of paying it was
granted, and the API v3 key; those are met by the first order and the first notice.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from data.payments.gateway import ProviderUnreachable
from integrations.http import Reply
from integrations.payments import wechat_pay_words as words
from integrations.payments.kinds import Finding, Wiring
from integrations.payments.wechat_pay_account import Account
from integrations.payments.wechat_pay_seal import BadSignature, verify

_OK = 200
_SKEW = 60  # seconds: a fifth of what they and we allow a signature


def findings(reply: Reply, account: Account, wiring: Wiring) -> list[Finding]:
    """`reply` answers the question for a payment that does not exist."""
    now = wiring.clock.now()
    return [
        _notify_url(wiring.notify_url),
        *_clock(reply.headers, now),
        *_certificates(account, now),
        *_keys(reply, account, now),
    ]


def _keys(reply: Reply, account: Account, now: datetime) -> list[Finding]:
    """A 401 is signed by nobody; any other answer says that our own signature held. A probe of
    theirs says nothing: ProviderUnreachable."""
    code = words.code_of(reply.body, reply.status)
    try:
        verify(reply.headers, reply.body, account.platform, now=now)
    except BadSignature as bad:
        if str(bad) == "signature_missing":
            return [_vital("merchant", is_sound=False, code=code)]
        if str(bad) == "signature_probe":
            raise ProviderUnreachable(str(bad)) from None
        wrong = _vital("platform", is_sound=False, reason=str(bad))
        return [_vital("merchant", is_sound=True), wrong]
    is_known = reply.status == _OK or code in words.NOT_THERE
    merchant = _vital("merchant", is_sound=is_known, code=code)
    return [merchant, _vital("platform", is_sound=True)]


def _vital(about: str, *, is_sound: bool, **values: object) -> Finding:
    return Finding(is_sound, about, vital=True, values=values)


def _notify_url(url: str) -> Finding:
    """They call only over TLS, and no address with a query."""
    parts = urlsplit(url)
    is_sound = parts.scheme == "https" and not parts.query and not parts.fragment
    return Finding(is_sound, "notify_url", values={"url": url})


def _clock(headers: Mapping[str, str], now: datetime) -> list[Finding]:
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return []
    told = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    seconds = abs(int((now - told).total_seconds()))
    return [Finding(seconds <= _SKEW, "clock", values={"seconds": seconds})]


def _certificates(account: Account, now: datetime) -> list[Finding]:
    """Only where one was told: how long what they sign can be verified by it."""
    ends = [one.until for one in account.platform.values() if one.until is not None]
    if not ends:
        return []
    last = max(ends)
    return [Finding(last > now, "certificate", values={"until": last.date().isoformat()})]

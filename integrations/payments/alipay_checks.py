"""Is an app set up as it must be? A question about a payment that cannot exist tells nearly all.

Alipay looks at the app first, then at our signature, then at what the app may ask, and signs its
word with the key whose public half we should have.
"""

from collections.abc import Sequence

from data.payments.gateway import ProviderUnreachable
from integrations.payments.alipay_line import NOT_THERE, AlipayLine, Refusal, Unproven
from integrations.payments.kinds import Finding

_NOBODYS = "tuanzi_check"  # our keys are 32 hexadecimal digits
_OF_APP = frozenset(
    {"isv.invalid-app-id", "isv.missing-app-id", "isv.not-online-app", "not-online-app"}
)
_OF_KEY = frozenset(
    {"isv.invalid-signature", "isv.missing-signature-config", "isv.missing-signature-key"}
)
_APP, _KEY, _ANSWER, _TRADE = _STEPS = ("app", "key", "answer", "trade")
_VITAL = frozenset({_APP, _KEY, _ANSWER})  # else nothing can be paid, or be known to be


async def look_at_account(line: AlipayLine, app_id: str, notify_url: str) -> Sequence[Finding]:
    """Up to the first step that fails: what comes after it cannot be seen, and nothing can by an
    answer that is not Alipay's. ProviderUnreachable: no answer, or none that tells anything."""
    failed, code = await _first_failure(line)
    passed = _STEPS if failed is None else _STEPS[: _STEPS.index(failed)]
    if failed == _ANSWER:
        passed = ()
    values = {"app": app_id, "code": code}
    findings = [Finding(True, step, vital=step in _VITAL, values=values) for step in passed]
    if failed is not None:
        findings.append(Finding(False, failed, vital=failed in _VITAL, values=values))
    is_secret = notify_url.startswith("https://")
    return [*findings, Finding(is_secret, "notify", values={"url": notify_url})]


async def _first_failure(line: AlipayLine) -> tuple[str | None, str]:
    """The step, and Alipay's code for it."""
    try:
        await line.ask("alipay.trade.query", {"out_trade_no": _NOBODYS})
    except Refusal as refusal:
        return (None, "") if refusal.code == NOT_THERE else (_step(refusal.code), refusal.code)
    except Unproven as answer:
        return _unproven_step(answer), answer.code
    return None, ""


def _unproven_step(answer: Unproven) -> str:
    """Whom it does not know, Alipay has no key to answer with."""
    if answer.has_signature:
        return _ANSWER
    if answer.code in _OF_APP | _OF_KEY:
        return _step(answer.code)
    raise ProviderUnreachable(str(answer))


def _step(code: str) -> str:
    if code in _OF_APP:
        return _APP
    return _KEY if code in _OF_KEY else _TRADE

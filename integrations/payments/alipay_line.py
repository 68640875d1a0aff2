"""Calls to Alipay's gateway, and what its answers prove.

    signed, code 10000                    it did as asked
    signed, a code of _REFUSED            it refused, and nothing happened
    anything else, signed or not          nobody can tell

The codes: opendocs.alipay.com/common/02km9f, and "business error codes" at each method there.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from data.payments.gateway import ProviderRefused, ProviderUnreachable
from integrations.http import Request
from integrations.payments.alipay_seal import (
    RSA2,
    SIGN,
    SIGN_TYPE,
    Seal,
    SealedAnswer,
    read_answer,
    signed_text,
)
from integrations.payments.kinds import Wiring
from integrations.payments.line import Line

NOT_THERE = "ACQ.TRADE_NOT_EXIST"
_BEIJING = timezone(timedelta(hours=8))  # whatever the time zone of who asks
_FORM = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
_DONE, _FAILED = "10000", "40004"
# Turned away at the door: a right, a parameter or a signature is missing. 40005 (too many calls)
# and 20000 (out of order) are not among them.
_TURNED_AWAY = frozenset({"20001", "40001", "40002", "40003", "40006"})
# With code 40004. Not among them: SYSTEM_ERROR and DISCORDANT_REPEAT_REQUEST (an earlier call under
# the same number may have worked), and whatever we have not read about.
_REFUSED = frozenset(
    {
        NOT_THERE,
        "ACQ.ACCESS_FORBIDDEN",
        "ACQ.APPLY_PC_MERCHANT_CODE_ERROR",  # a second code for the same number
        "ACQ.BEYOND_PAY_RESTRICTION",
        "ACQ.BEYOND_PER_RECEIPT_RESTRICTION",
        "ACQ.CONTEXT_INCONSISTENT",
        "ACQ.EXIST_FORBIDDEN_WORD",
        "ACQ.INVALID_PARAMETER",
        "ACQ.MERCHANT_AGREEMENT_INVALID",
        "ACQ.MERCHANT_AGREEMENT_NOT_EXIST",
        "ACQ.MERCHANT_STATUS_NOT_NORMAL",
        "ACQ.NOT_ALLOW_PARTIAL_REFUND",
        "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
        "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
        "ACQ.PARTNER_ERROR",
        "ACQ.REASON_ILLEGAL_STATUS",
        "ACQ.REASON_TRADE_BEEN_FREEZEN",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        "ACQ.REASON_TRADE_STATUS_INVALID",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REFUND_FEE_ERROR",
        "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        "ACQ.SELLER_BEEN_BLOCKED",
        "ACQ.TOTAL_FEE_EXCEED",
        "ACQ.TRADE_HAS_CLOSE",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_HAS_SUCCESS",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.TRADE_STATUS_ERROR",
    }
)


class Refusal(ProviderRefused):
    """Alipay's own word that it did nothing; `code` is its `sub_code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unproven(ProviderUnreachable):
    """An answer without Alipay's signature: of no use but to tell a merchant what may be wrong.

    `code` is the `sub_code` that it claims, empty where it claims nothing of the kind.
    """

    def __init__(self, code: str, *, has_signature: bool) -> None:
        super().__init__("signature_wrong" if has_signature else "signature_missing")
        self.code = code
        self.has_signature = has_signature


class AlipayLine:
    """Signs what is asked, and believes what is signed."""

    def __init__(self, wiring: Wiring, address: str, *, app_id: str, seal: Seal) -> None:
        self._line = Line(wiring, address)
        self._wiring = wiring
        self._app_id = app_id
        self._seal = seal

    async def ask(
        self, method: str, content: Mapping[str, object], **more: str
    ) -> Mapping[str, Any]:
        """The inside of its answer; `more` are parameters beside the content."""
        told = self._signed(method, content, more)
        # As in their own SDKs: the content travels in the body, the rest in the address.
        body = urlencode({"biz_content": told.pop("biz_content")}).encode()
        url = f"{self._line.address}?{urlencode(told)}"
        reply = await self._line.send(Request("POST", url, _FORM, body))
        try:
            answer = read_answer(reply.body, method)
        except (ValueError, RecursionError):
            raise ProviderUnreachable("not_readable") from None
        return self._proven(answer)

    def page(self, method: str, content: Mapping[str, object], **more: str) -> str:
        """The address of a page of Alipay's: nothing is asked, whoever opens it brings it there."""
        return f"{self._line.address}?{urlencode(self._signed(method, content, more))}"

    def _signed(
        self, method: str, content: Mapping[str, object], more: Mapping[str, str]
    ) -> dict[str, str]:
        told = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            SIGN_TYPE: RSA2,
            "timestamp": beijing(self._wiring.clock.now()),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            **more,
        }
        return {**told, SIGN: self._seal.sign(signed_text(told))}

    def _proven(self, answer: SealedAnswer) -> Mapping[str, Any]:
        code, sub_code = (str(answer.told.get(name, "")) for name in ("code", "sub_code"))
        if not answer.is_signed(self._seal):
            raise Unproven(sub_code, has_signature=bool(answer.signature))
        if code in _TURNED_AWAY or (code == _FAILED and sub_code in _REFUSED):
            raise Refusal(sub_code)
        if code != _DONE:
            raise ProviderUnreachable(sub_code or f"code_{code}")
        return answer.told


def beijing(moment: datetime) -> str:
    return moment.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")

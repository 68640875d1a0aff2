"""The providers that a shop can connect."""

from collections.abc import Mapping

from integrations.payments import alipay, paypal, stripe, wechat_pay
from integrations.payments.kinds import Kind

_KINDS = (stripe.KIND, wechat_pay.KIND, alipay.KIND, paypal.KIND)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

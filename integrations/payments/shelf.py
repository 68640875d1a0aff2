"""The providers that a shop can connect."""

from collections.abc import Mapping

from integrations.payments import stripe, wechat_pay
from integrations.payments.kinds import Kind

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (stripe.KIND, wechat_pay.KIND)}

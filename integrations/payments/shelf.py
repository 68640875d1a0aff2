"""The providers that a shop can connect."""

from collections.abc import Mapping

from integrations.payments import wechat_pay
from integrations.payments.kinds import Kind

KINDS: Mapping[str, Kind] = {
    wechat_pay.NAME: wechat_pay.KIND,
}

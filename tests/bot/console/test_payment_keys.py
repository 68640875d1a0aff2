"""What a merchant has to enter or compare at a provider is shown, and no secret with it."""

import pytest
from markupsafe import escape

from bot.payment_accounts import opened, shown_by
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from data.payments.accounts import connect_account
from integrations.payments import alipay, wechat_pay
from tests.bot.browser import Browser
from tests.bot.conftest import Street
from tests.builders import NOW
from tests.integrations.payments import alipay_shop
from tests.integrations.payments.alipay_shop import keys
from tests.peers.money import wechat_pay_shop

ROOM = "/payments"
TOLD = {alipay.NAME: alipay_shop.credentials(), wechat_pay.NAME: wechat_pay_shop.credentials()}


@pytest.mark.parametrize("locale", list(Locale))
def test_our_public_key_and_our_serial_are_shown(
    owner: Browser, street: Street, locale: Locale
) -> None:
    with street.tuanzi.database.transaction() as session:
        for provider, credentials in TOLD.items():
            connect_account(
                session,
                merchant_id=street.ours.merchant,
                provider=provider,
                credentials=credentials,
                by="owner",
                now=street.tuanzi.clock.now(),
            )
    owner.post("/language", locale=locale)
    page = owner.get(ROOM).text
    assert "payments.shown" not in page
    assert "accounts.address_told" not in page
    for provider, credentials in TOLD.items():
        _, gateway = opened(street.tuanzi, merchant_id=street.ours.merchant, provider=provider)
        told = shown_by(gateway)
        assert told
        for value in told.values():
            assert f'value="{escape(value)}"' in page
        for secret in credentials.secrets.values():
            assert secret.splitlines()[-1] not in page
            assert secret not in told.values()


def test_it_is_the_public_half_of_what_was_entered() -> None:
    """As Alipay's key tool writes it: what the merchant has uploaded looks the same."""
    gateway = alipay.KIND.open(TOLD[alipay.NAME], wechat_pay_shop.wiring(TurnableClock(NOW)))
    assert shown_by(gateway) == {"public_key": keys("shop").public}

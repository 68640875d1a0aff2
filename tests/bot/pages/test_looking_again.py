"""Who waits at the pay page and looks again; and how often who may look."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.demo.clock import clock_of
from data.kernel.locales import Locale
from data.payments import AttemptState, PaymentAttempt
from data.payments.gateway import PaymentRef, ProviderPayment, ProviderUnreachable
from data.payments.sandbox_bank import SANDBOX
from integrations.payments import SandboxGateway
from tests.bot.open_demo import Demo, a_browser
from tests.bot.pages.shop_account import KEY
from tests.bot.pages.test_pay import contents, look, play


class Silent(SandboxGateway):
    """SIMULATED: it is asked, and nobody hears its answer."""

    asked = 0

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        self.asked += 1
        raise ProviderUnreachable("silent")


@pytest.fixture
def lost(demo: Demo) -> str:
    """A bill that is paid at the bank, whose answer got lost."""
    token = demo.a_bill(Locale.EN)
    play(demo, token, "lost")
    assert "Asking the bank" in look(demo, token)
    return token


def look_again(demo: Demo, token: str, **headers: str) -> int:
    answer = demo.client.post(f"/pay/{token}/look", headers=headers)
    return answer.status_code


def attempt(demo: Demo) -> PaymentAttempt:
    with demo.tuanzi.database.reading() as session:
        return session.scalars(select(PaymentAttempt)).one()


def test_who_looks_again_has_the_bank_asked_now(demo: Demo, lost: str) -> None:
    assert f'action="/pay/{lost}/look"' in look(demo, lost)
    assert look_again(demo, lost) == 303
    assert attempt(demo).state == AttemptState.CAPTURED
    assert "Paid, thank you" in look(demo, lost)


def test_nobody_hammers_the_bank_through_us(demo: Demo, lost: str) -> None:
    bank = Silent(demo.tuanzi.database, demo.tuanzi.clock, secret=KEY)
    demo.tuanzi.gateways.house[SANDBOX] = bank
    planned = attempt(demo).checks
    for times in (1, 2):
        assert {look_again(demo, lost) for _ in range(5)} == {303}
        assert bank.asked == times
        clock_of(demo.tuanzi).advance(timedelta(seconds=10))
    assert attempt(demo).checks == planned, "our own looks come no later for it"


def test_looking_again_at_what_waits_for_nobody_changes_nothing(demo: Demo) -> None:
    token = demo.a_bill()
    before = contents(demo)
    assert look_again(demo, token) == 303
    assert contents(demo) == before


def test_nobody_elses_page_looks_again_and_no_guess_does(demo: Demo, lost: str) -> None:
    assert look_again(demo, lost, **{"Sec-Fetch-Site": "cross-site"}) == 403  # T42
    guesses = [look_again(demo, f"{number:022d}") for number in range(30)]
    assert guesses == [404] * 20 + [429] * 10  # T08


def test_payers_behind_one_address_look_each_at_their_own_bill(demo: Demo) -> None:
    """An office, or all the phones of a carrier."""
    site = demo.client.app
    tokens = [demo.a_bill() for _ in range(3)]
    payers = [a_browser(site, at="127.7.7.7") for _ in tokens]
    for _ in range(30):
        looks = [
            payer.get(f"/pay/{token}").status_code
            for payer, token in zip(payers, tokens, strict=True)
        ]
        assert looks == [200] * 3
    assert payers[0].get(f"/pay/{tokens[0]}").status_code == 429
    assert a_browser(site).get(f"/pay/{tokens[0]}").status_code == 429, "from anywhere"
    assert payers[0].get(f"/pay/{demo.a_bill()}").status_code == 200


def test_one_address_looks_three_hundred_times_a_minute(demo: Demo) -> None:
    client = a_browser(demo.client.app, at="127.7.7.8")
    tokens = [demo.a_bill() for _ in range(11)]
    codes = [client.get(f"/pay/{token}").status_code for token in tokens for _ in range(30)]
    assert codes == [200] * 300 + [429] * 30

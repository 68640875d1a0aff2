"""A shop's accounts at payment providers in the console: connected, checked, changed, left."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.console.pages import ROOT
from data.kernel.database import Database
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.merchants import Staff, StaffRole
from data.payments.accounts import (
    Credentials,
    accounts_of,
    count_refused,
    credentials_of,
    enabled_account,
    moves_of_accounts,
)
from integrations.payments.kinds import Finding
from tests.bot.browser import Browser
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS, OURS, SignIn, Street
from tests.bot.console.made_up_bank import CANARY, CHAIN, GIVEN, NAME, MadeUpBank
from tests.bot.console.routes import console_of

ROOM, AT = "/payments", f"/payments/accounts/{NAME}"
BY = "owner@ours.example"


@pytest.fixture
def bank(street: Street) -> MadeUpBank:
    bank = MadeUpBank()
    bank.move_in(street.tuanzi)
    return bank


def kept(street: Street) -> Credentials | None:
    with street.tuanzi.database.reading() as session:
        account = enabled_account(session, merchant_id=street.ours.merchant, provider=NAME)
        now = street.tuanzi.clock.now()
        return credentials_of(session, account, now=now) if account else None


def deeds(street: Street) -> list[tuple[str, str]]:
    with street.tuanzi.database.reading() as session:
        moves = moves_of_accounts(session, merchant_id=street.ours.merchant)
        return [(move.deed, move.by) for move in moves]


def test_an_account_is_connected_changed_and_left(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    assert "Not connected" in owner.get(ROOM).text
    answer = owner.post(AT, **GIVEN)
    assert answer.headers["location"] == f"{ROOT}{ROOM}?done=payments_connected"
    mine = kept(street)
    assert mine is not None
    assert mine.secrets == {"key": CANARY, "chain": CHAIN.replace("\r\n", "\n")}
    assert mine.settings == {"account": "acct_1", "mode": "sandbox", "cert": "a\nb"}
    page = owner.get(ROOM).text
    with street.tuanzi.database.reading() as session:
        (account,) = accounts_of(session, merchant_id=street.ours.merchant)
    public = street.tuanzi.settings.public_url
    assert f'value="{public}/webhooks/payments/{account.id}" readonly' in page
    assert "acct_1" in page
    assert BY in page
    owner.post(AT, **{**GIVEN, "account": "acct_2"})
    assert owner.post(f"{AT}/disconnect").status_code == 303
    assert owner.post(f"{AT}/disconnect").status_code == 404
    assert kept(street) is None
    page = owner.get(ROOM).text
    assert "acct_1" in page, "what was paid there is refunded there"
    assert "acct_2" in page
    assert deeds(street) == [("disconnected", BY), ("connected", BY), ("connected", BY)]


def test_an_empty_secret_stays_what_it_was_for_the_same_account_alone(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    owner.post(AT, **GIVEN)
    changed = {"account": "acct_1", "mode": "live", "key": "", "chain": "", "cert": ""}
    assert owner.post(AT, **changed).status_code == 303
    mine = kept(street)
    assert mine is not None
    assert (mine.settings["mode"], mine.secrets["key"]) == ("live", CANARY)
    assert bank.opened[-1].secrets == mine.secrets, "what is kept was tried out"
    renewed = owner.post(AT, **{**changed, "key": "sk-canary-renewed"})
    assert renewed.status_code == 303
    mine = kept(street)
    assert mine is not None
    assert mine.secrets["key"] == "sk-canary-renewed"
    assert mine.secrets["chain"] == CHAIN.replace("\r\n", "\n")
    other = owner.post(AT, **{**changed, "account": "acct_other"})
    assert other.status_code == 422
    assert marked(other.text) == f"{NAME}-key"
    assert [deed for deed, _ in deeds(street)] == ["changed", "changed", "connected"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"account": ""}, "account"),
        ({"account": "团子"}, "account"),
        ({"mode": "purse"}, "mode"),
        ({"key": ""}, "key"),
        ({"key": "sk-canary-wrong"}, "key"),
        ({"cert": "证书"}, "cert"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_kept(
    owner: Browser, street: Street, bank: MadeUpBank, given: dict[str, str], field: str
) -> None:
    answer = owner.post(AT, **{**GIVEN, **given})
    assert answer.status_code == 422
    assert marked(answer.text) == f"{NAME}-{field}"
    assert "Nothing was kept" in answer.text
    assert kept(street) is None
    assert "canary" not in answer.text
    if field != "account":
        assert 'value="acct_1"' in answer.text, "what was right need not be typed again"


def marked(page: str) -> str:
    found = re.findall(r'id="([^"]+)"[^>]*aria-invalid="true"', page)
    assert len(found) == 1, found
    return str(found[0])


@pytest.mark.parametrize("locale", list(Locale))
def test_what_the_provider_refuses_is_not_kept(
    owner: Browser, street: Street, bank: MadeUpBank, locale: Locale
) -> None:
    owner.post("/language", locale=locale)
    bank.findings = (Finding(True, "clock"), Finding(False, "key", vital=True))
    refused = owner.post(AT, **GIVEN)
    bank.away = "line <cut>"
    away = owner.post(AT, **GIVEN)
    for answer in (refused, away):
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert f'<html lang="{locale}">' in answer.text
        assert 'value="acct_1"' in answer.text
        assert "canary" not in answer.text
    assert f"payments.check.{NAME}.key_not" in refused.text
    assert "line &lt;cut&gt;" in away.text
    assert kept(street) is None
    assert deeds(street) == []


def test_what_is_not_vital_is_kept_and_told(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    bank.findings = (Finding(False, "made_up"),)
    answer = owner.post(AT, **GIVEN)
    assert answer.status_code == 200
    assert f"payments.check.{NAME}.made_up_not" in answer.text
    assert kept(street) is not None


def test_it_is_checked_as_it_stands(owner: Browser, street: Street, bank: MadeUpBank) -> None:
    assert owner.post(f"{AT}/check").status_code == 404
    owner.post(AT, **GIVEN)
    assert "everything is as it must be" in owner.post(f"{AT}/check").text
    bank.findings = (Finding(False, "key", vital=True),)
    assert "not as it must be" in owner.post(f"{AT}/check").text
    bank.away = "timeout"
    assert "could not be asked" in owner.post(f"{AT}/check").text
    assert kept(street) is not None, "a look changes nothing"
    lose_the_key(street)
    assert "can no longer be read" in owner.post(f"{AT}/check").text
    assert owner.post(AT, **{**GIVEN, "key": ""}).status_code == 422, "nothing can be kept of it"


def lose_the_key(street: Street) -> None:
    """As if TUANZI_FIELD_KEYS had been made anew."""
    with street.tuanzi.database.transaction() as session:
        (account,) = accounts_of(session, merchant_id=street.ours.merchant)
        account.sealed = FieldCipher([FieldCipher.new_key()]).encrypt("{}", place="another")
        account.version += 1


def test_calls_that_were_not_theirs_are_counted(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    owner.post(AT, **GIVEN)
    with street.tuanzi.database.transaction() as session:
        (account,) = accounts_of(session, merchant_id=street.ours.merchant)
        for _ in range(1234):
            count_refused(session, account_id=account.id)
    assert "1,234" in owner.get(ROOM).text


def test_t47_no_page_ever_shows_a_secret(owner: Browser, sign_in: SignIn, bank: MadeUpBank) -> None:
    owner.post(AT, **GIVEN)
    bank.findings = (Finding(False, "made_up"),)
    answers = [owner.get(ROOM), owner.post(f"{AT}/check"), owner.post(AT, **GIVEN)]
    answers += [owner.post(AT, **{**GIVEN, "mode": ""}), owner.get("/"), owner.get("/ledger")]
    answers.append(sign_in(StaffRole.MANAGER).get(ROOM))
    for answer in answers:
        assert "canary" not in answer.text
        assert "canary" not in str(answer.headers)
        assert "no-store" in answer.headers["cache-control"]


def test_a_manager_looks_and_checks_and_changes_nothing(
    sign_in: SignIn, street: Street, bank: MadeUpBank
) -> None:
    sign_in(StaffRole.OWNER).post(AT, **GIVEN)
    manager = sign_in(StaffRole.MANAGER)
    page = manager.get(ROOM).text
    assert "acct_1" in page
    assert "Only the owner" in page
    assert f'action="{ROOT}{AT}"' not in page
    assert f'action="{ROOT}{AT}/disconnect"' not in page
    assert manager.post(f"{AT}/check").status_code == 200
    for path in (AT, f"{AT}/disconnect"):
        assert manager.post(path, **GIVEN).status_code == 403
    assert len(deeds(street)) == 1
    for role in (StaffRole.AGENT, StaffRole.SHIPPING):
        other = sign_in(role)
        assert other.get(ROOM).status_code == 403
        assert f"{ROOT}{ROOM}" not in other.client.get(f"{ROOT}/", follow_redirects=True).text


def test_t42_without_the_forms_token_nothing_happens(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    owner.token = ""
    assert owner.post(AT, **GIVEN).status_code == 403
    assert bank.opened == []
    assert kept(street) is None


def test_t11_each_shop_has_its_own(owner: Browser, street: Street, bank: MadeUpBank) -> None:
    owner.post(AT, **GIVEN)
    client = TestClient(street.site, base_url=ADDRESS, headers=OURS, follow_redirects=False)
    theirs = Browser(client)
    theirs.sign_in(street.theirs.emails[StaffRole.OWNER])
    assert "acct_1" not in theirs.get(ROOM).text
    for path in (f"{AT}/check", f"{AT}/disconnect"):
        assert theirs.post(path).status_code == 404
    blank = theirs.post(AT, **{**GIVEN, "key": "", "chain": ""})
    assert blank.status_code == 422, "another shop's secret is nobody's to keep"
    assert kept(street) is not None


def test_a_provider_that_is_not_there_cannot_be_connected(owner: Browser, street: Street) -> None:
    street.tuanzi.gateways.kinds = {}
    assert "no payment provider" in owner.get(ROOM).text
    assert owner.post(AT, **GIVEN).status_code == 404


def test_without_a_key_of_the_operators_nothing_secret_is_written(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    console, tuanzi = console_of(street.site), street.tuanzi
    keyless = Database(str(tuanzi.database.engine.url))
    console.state.tuanzi = replace(tuanzi, database=keyless)
    answer = owner.post(AT, **GIVEN)
    keyless.close()
    assert answer.status_code == 409
    assert "TUANZI_FIELD_KEYS" in answer.text
    assert bank.opened == [], "nobody is asked with what could not be kept"


def test_a_long_address_of_a_colleague_fits_the_books(
    owner: Browser, street: Street, bank: MadeUpBank
) -> None:
    """Addresses have up to 254 characters; PostgreSQL would refuse a longer `by`."""
    long = f"{'o' * 200}@ours.example"
    with street.tuanzi.database.transaction() as session:
        session.execute(update(Staff).where(Staff.email == BY).values(email=long))
    assert owner.post(AT, **GIVEN).status_code == 303
    assert deeds(street) == [("connected", long[:120])]

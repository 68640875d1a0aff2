"""Connecting a shop's account at a payment provider: typed in, tried out, kept."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.action_servers import NoFieldKey
from bot.delivery.wechat_platform import APP, CHANNEL, official_account, secret_of
from bot.web.shop import OpenShop
from data.kernel.encryption import CIPHER, Unreadable
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount
from data.payments.account_models import PaymentAccount
from data.payments.accounts import (
    connect_account,
    credentials_of,
    enabled_account,
    named_account,
)
from data.payments.gateway import ProviderUnreachable
from integrations.payments.kinds import (
    Connected,
    Enrolling,
    Finding,
    Kind,
    Showing,
    Wiring,
)

_NEW = "new"  # in the address that a trial of credentials names; nobody is called there


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check found; `away` says why the provider could not be asked."""

    findings: Sequence[Finding] = ()
    away: str = ""

    @property
    def is_sound(self) -> bool:
        return not self.away and all(one.is_sound or not one.needed for one in self.findings)

    @property
    def refused(self) -> bool:
        """The provider does not take these credentials: they are not kept."""
        return any(one.vital and not one.is_sound for one in self.findings)


def kind_of(tuanzi: OpenShop, provider: str) -> Kind:
    if provider not in tuanzi.gateways.kinds:
        raise NotFound("payment_provider")
    return tuanzi.gateways.kinds[provider]


def with_kept_secrets(
    tuanzi: OpenShop, kind: Kind, typed: Mapping[str, str], *, merchant_id: str
) -> dict[str, str]:
    """A secret that was left empty stays what it is, if the account goes by the same name there.
    NoFieldKey: nothing secret could be kept here."""
    with tuanzi.database.reading() as session:
        if CIPHER not in session.info:
            raise NoFieldKey
        account = named_account(
            session,
            merchant_id=merchant_id,
            provider=kind.name,
            external_id=typed.get(kind.identity, "").strip(),
        )
        try:
            kept = credentials_of(session, account, now=tuanzi.clock.now()) if account else None
        except Unreadable:
            kept = None
    secrets = kept.secrets if kept else {}
    left = {one.name for one in kind.fields if one.secret and not typed.get(one.name, "").strip()}
    return {**typed, **{name: secrets[name] for name in left if name in secrets}}


async def try_out(tuanzi: OpenShop, kind: Kind, typed: Mapping[str, str]) -> Looked:
    """Ask the provider with what was typed in, and keep nothing. BadCredentials: a field will not
    do. What is found of the address for notices says nothing: only a connected account has one."""
    wiring = _wiring(tuanzi, kind)
    return await look_at(kind.open(kind.read(typed), wiring))


async def look_at(gateway: Connected) -> Looked:
    try:
        return Looked(await gateway.check())
    except ProviderUnreachable as silence:
        return Looked(away=str(silence))


async def look_at_account(tuanzi: OpenShop, account: PaymentAccount, gateway: Connected) -> Looked:
    """What the provider says, and whether it fits what else the shop has connected."""
    looked = await look_at(gateway)
    with tuanzi.database.reading() as session:
        return replace(looked, findings=[*looked.findings, *_official(session, account)])


def keep(
    tuanzi: OpenShop, kind: Kind, typed: Mapping[str, str], *, merchant_id: str, by: str
) -> PaymentAccount:
    with tuanzi.database.transaction() as session:
        return connect_account(
            session,
            merchant_id=merchant_id,
            provider=kind.name,
            credentials=kind.read(typed),
            by=by,
            now=tuanzi.clock.now(),
        )


async def enrol(
    tuanzi: OpenShop, kind: Kind, *, merchant_id: str, by: str, renew: bool = False
) -> bool:
    """Tell the provider where to call us, and keep what it gives for that. False: a person has to
    enter the address there. `renew`: also where all is well, for a new secret."""
    _, gateway = opened(tuanzi, merchant_id=merchant_id, provider=kind.name)
    if not isinstance(gateway, Enrolling):
        return kind.is_told
    if gateway.is_enrolled and not renew:
        return False  # with what somebody has entered there
    try:
        made = await gateway.enrol()
    except ProviderUnreachable:
        return False
    if made is None:
        return False
    _keep_more(tuanzi, kind, made.secrets, merchant_id=merchant_id, by=by)
    _, gateway = opened(tuanzi, merchant_id=merchant_id, provider=kind.name)
    if isinstance(gateway, Enrolling):
        with suppress(ProviderUnreachable):  # it is called in vain, and gives up
            await gateway.leave_others(made.name)
    return True


def is_told(kind: Kind, gateway: Connected | None) -> bool:
    """Does the provider know where to call us, without anybody entering it there?"""
    return kind.is_told or (isinstance(gateway, Enrolling) and gateway.is_enrolled)


def shown_by(gateway: Connected | None) -> Mapping[str, str]:
    """What a merchant has to enter or compare at the provider: never a secret."""
    return gateway.shown() if isinstance(gateway, Showing) else {}


def _keep_more(
    tuanzi: OpenShop, kind: Kind, secrets: Mapping[str, str], *, merchant_id: str, by: str
) -> None:
    with tuanzi.database.transaction() as session:
        now = tuanzi.clock.now()
        account = enabled_account(session, merchant_id=merchant_id, provider=kind.name)
        if account is None:
            raise NotFound("payment_account")
        kept = credentials_of(session, account, now=now)
        connect_account(
            session,
            merchant_id=merchant_id,
            provider=kind.name,
            credentials=replace(kept, secrets={**kept.secrets, **secrets}),
            by=by,
            now=now,
        )


def opened(
    tuanzi: OpenShop, *, merchant_id: str, provider: str
) -> tuple[PaymentAccount, Connected]:
    """The account that takes new payments. NotFound: there is none, or its secrets are lost."""
    with tuanzi.database.reading() as session:
        account = enabled_account(session, merchant_id=merchant_id, provider=provider)
        gateway = tuanzi.gateways.open(session, account) if account else None
    if account is None or gateway is None:
        raise NotFound("payment_account")
    return account, gateway


def _official(session: Session, account: PaymentAccount) -> list[Finding]:
    """Inside WeChat payers introduce themselves by the official account that the payments are bound
    to. Of a shop without any there is nothing to compare."""
    app, merchant_id = account.settings.get(APP), account.merchant_id
    mine = select(ChannelAccount.external_id).filter_by(
        merchant_id=merchant_id, channel=CHANNEL, enabled=True
    )
    names = session.scalars(mine.order_by(ChannelAccount.external_id)).all()
    if not app or not names:
        return []
    official = official_account(session, merchant_id=merchant_id, app=app)
    is_sound = official is not None and secret_of(session, official) is not None
    values = {"app": app, "names": ", ".join(names)}
    return [Finding(is_sound, "official_account", values=values)]


def _wiring(tuanzi: OpenShop, kind: Kind) -> Wiring:
    blank = PaymentAccount(id=_NEW, provider=kind.name)
    return tuanzi.gateways.wiring(blank)

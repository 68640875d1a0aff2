"""`tuanzi payments`: a shop's accounts at payment providers: connected, checked, renewed, left."""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.app import Tuanzi
from bot.payment_accounts import (
    Looked,
    enrol,
    keep,
    kind_of,
    look_at_account,
    opened,
    shown_by,
    try_out,
)
from bot.terminal import (
    BROKEN,
    EXIT_SOUND,
    EXIT_USAGE,
    CannotDo,
    ask_secret,
    complain,
    language,
    tell,
)
from bot.web.wording import say
from bot.which_shop import find_merchant
from data.kernel.errors import NotFound
from data.payments.accounts import accounts_of, disconnect_account
from integrations.payments.kinds import BadCredentials, Connected, Field, Finding, Kind

_FROM_FILE = "@"  # name=@file: what is in there


def manage_payments(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
    try:
        return _VERBS[options.verb](options, tuanzi, merchant_id)
    except NotFound as error:
        known = ", ".join(sorted(tuanzi.gateways.kinds))
        texts = {"payment_provider": "cli.no_payment_provider"}
        text = texts.get(error.detail, "cli.no_payment_account")
        raise CannotDo((text, {"shop": merchant_id, "known": known})) from None


def _connect(options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    if not tuanzi.settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    kind = kind_of(tuanzi, options.provider)
    typed = _typed(kind, options.fields)
    try:
        looked = asyncio.run(try_out(tuanzi, kind, typed))
    except BadCredentials as bad:
        raise _wrong(_label(kind, bad.detail)) from None
    if looked.refused or looked.away:
        _show(kind, looked)
        raise CannotDo(("cli.payment_not_kept", {}))
    account = keep(tuanzi, kind, typed, merchant_id=merchant_id, by="cli")
    is_told = asyncio.run(enrol(tuanzi, kind, merchant_id=merchant_id, by="cli"))
    tell(
        "cli.payment_connected_told" if is_told else "cli.payment_connected",
        provider=kind.name,
        name=account.external_id,
        url=tuanzi.gateways.wiring(account).notify_url,
    )
    return EXIT_SOUND


def _renew(options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    """A new secret for the provider's calls to us; the one before is taken for a while."""
    kind = kind_of(tuanzi, options.provider)
    if not asyncio.run(enrol(tuanzi, kind, merchant_id=merchant_id, by="cli", renew=True)):
        raise CannotDo(("cli.payment_not_renewed", {"provider": kind.name}))
    tell("cli.payment_renewed", provider=kind.name)
    return EXIT_SOUND


def _check(options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    kind = kind_of(tuanzi, options.provider)
    account, gateway = opened(tuanzi, merchant_id=merchant_id, provider=kind.name)
    looked = asyncio.run(look_at_account(tuanzi, account, gateway))
    _show(kind, looked)
    _show_own(kind.name, gateway)
    return EXIT_SOUND if looked.is_sound else BROKEN


def _list(_options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    with tuanzi.database.reading() as session:
        accounts = accounts_of(session, merchant_id=merchant_id)
        gateways = {one.id: tuanzi.gateways.open(session, one) for one in accounts}
    for one in accounts:
        tell(
            "cli.payment_account" if one.enabled else "cli.payment_account_off",
            provider=one.provider,
            name=one.external_id,
            url=tuanzi.gateways.wiring(one).notify_url,
            refused=one.refused,
        )
        _show_own(one.provider, gateways[one.id])
    if not accounts:
        tell("cli.no_payment_account", shop=merchant_id, known=", ".join(tuanzi.gateways.kinds))
    return EXIT_SOUND


def _disconnect(options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    with tuanzi.database.transaction() as session:
        account = disconnect_account(
            session,
            merchant_id=merchant_id,
            provider=kind_of(tuanzi, options.provider).name,
            by="cli",
            now=tuanzi.clock.now(),
        )
    tell("cli.payment_disconnected", provider=account.provider, name=account.external_id)
    return EXIT_SOUND


def _typed(kind: Kind, given: list[str]) -> dict[str, str]:
    """`name=value`, `name=@file`; a secret that is not in a file is asked for."""
    typed = dict(_pair(kind, one) for one in given)
    for one in kind.fields:
        if one.name in typed or not one.secret or one.optional:
            continue
        if one.lines:  # a prompt takes one
            told: dict[str, object] = {"field": one.name}
            raise CannotDo(("cli.payment_needs_file", told), exit_code=EXIT_USAGE)
        typed[one.name] = ask_secret(f"payments.{kind.name}.{one.name}")
    return typed


def _pair(kind: Kind, one: str) -> tuple[str, str]:
    name, _, value = one.partition("=")
    field = next((field for field in kind.fields if field.name == name), None)
    if field is None:
        known = ", ".join(field.name for field in kind.fields)
        raise CannotDo(
            ("cli.payment_no_field", {"field": name, "known": known}), exit_code=EXIT_USAGE
        )
    return name, _value(field, value)


def _value(field: Field, value: str) -> str:
    if value.startswith(_FROM_FILE):
        try:
            return Path(value.removeprefix(_FROM_FILE)).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise _wrong(field.name) from None
    if field.secret:  # it would stand in the process list and in the shell's history (T47)
        raise CannotDo(("cli.payment_secret_shown", {"field": field.name}), exit_code=EXIT_USAGE)
    return value


def _wrong(field: str) -> CannotDo:
    return CannotDo(("cli.payment_field_wrong", {"field": field}), exit_code=EXIT_USAGE)


def _label(kind: Kind, name: str) -> str:
    return say(f"payments.{kind.name}.{name}", language())


def _show(kind: Kind, looked: Looked) -> None:
    if looked.away:
        complain("cli.payment_away", provider=kind.name, why=looked.away)
    for one in looked.findings:
        text, values = _told(kind, one)
        (tell if one.is_sound or not one.needed else complain)(text, **values)


def _show_own(provider: str, gateway: Connected | None) -> None:
    """What a merchant enters or compares at the provider."""
    for name, value in shown_by(gateway).items():
        label = say(f"payments.shown.{provider}.{name}", language())
        tell("cli.payment_shown", label=label, value=value)


def _told(kind: Kind, one: Finding) -> tuple[str, Mapping[str, object]]:
    text = f"payments.check.{kind.name}.{one.code}"
    return (text if one.is_sound else f"{text}_not"), one.values


_VERBS = {
    "connect": _connect,
    "check": _check,
    "renew": _renew,
    "list": _list,
    "disconnect": _disconnect,
}

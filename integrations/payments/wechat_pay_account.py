"""What a merchant tells of their account at WeChat Pay, read into keys.

Their platform's word is verified by the "WeChat Pay public key", which new merchants get and old
ones are moved to (pay.weixin.qq.com/doc/v3/merchant/4012154180, 2024-12), or by a platform
certificate. While a merchant is moved, answers and notices come by either: both can be told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from data.payments.accounts import Credentials
from integrations.payments.kinds import BadCredentials, Field
from integrations.payments.wechat_pay_seal import (
    PlatformKey,
    Signer,
    certificates,
    private_key,
    public_key,
    tidied,
)

_KEY_BYTES = 32  # of the API v3 key: AES-256
_NUMBER = re.compile(r"[0-9]{6,32}")
_APP = re.compile(r"[0-9A-Za-z_-]{6,32}")  # string(32)
_SERIAL = re.compile(r"[0-9A-Fa-f]{8,40}")  # a certificate's; X.509 allows 20 bytes
_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]{1,64}")
_T = TypeVar("_T")

FIELDS = (
    Field("mchid"),
    Field("appid"),
    Field("api_v3_key", secret=True),
    Field("merchant_key", secret=True, lines=True),
    Field("merchant_serial"),
    Field("platform_key", lines=True, optional=True),
    Field("platform_key_id", optional=True),
    Field("platform_certificate", lines=True, optional=True),
)


@dataclass(frozen=True, slots=True)
class Account:
    """`api_keys`: the one of now, then the one before it. `named`: the serial by which we ask to be
    answered; empty where only certificates are known, for which one is in use is theirs to say."""

    mchid: str
    appid: str
    signer: Signer
    platform: Mapping[str, PlatformKey]
    named: str
    api_keys: tuple[bytes, ...] = field(repr=False)


def read_account(credentials: Credentials) -> Account:
    """BadCredentials names the field that will not do."""
    told = {one.name: "" for one in FIELDS} | {**credentials.settings, **credentials.secrets}
    _demand(_NUMBER, told, "mchid")
    _demand(_APP, told, "appid")
    _demand(_SERIAL, told, "merchant_serial")
    key = _loaded(private_key, told, "merchant_key")
    signer = Signer(told["mchid"], told["merchant_serial"].upper(), key)
    platform = _platform(told)
    _refuse_own(platform, signer)
    return Account(
        mchid=told["mchid"],
        appid=told["appid"],
        signer=signer,
        platform={one.serial: one for one in platform},
        named=told["platform_key_id"],
        api_keys=_api_keys(told, credentials.before),
    )


def _platform(told: Mapping[str, str]) -> list[PlatformKey]:
    found = []
    if told["platform_key"] or told["platform_key_id"]:
        _demand(_KEY_ID, told, "platform_key_id")
        key = _loaded(public_key, told, "platform_key")
        found.append(PlatformKey(tidied(told["platform_key_id"]), key))
    if told["platform_certificate"]:
        found += _loaded(certificates, told, "platform_certificate")
    if not found:
        raise BadCredentials("platform_key")
    return found


def _refuse_own(platform: list[PlatformKey], signer: Signer) -> None:
    """A merchant has several such files: their own certificate says nothing of the other side."""
    own = signer.key.public_key().public_numbers()
    for one in platform:
        if one.key.public_numbers() == own:
            raise BadCredentials("platform_key" if one.until is None else "platform_certificate")


def _api_keys(told: Mapping[str, str], before: Mapping[str, str]) -> tuple[bytes, ...]:
    """Notices may still come sealed with the key before: see `accounts.OVERLAP`."""
    now = told["api_v3_key"].encode()
    if len(now) != _KEY_BYTES:
        raise BadCredentials("api_v3_key")
    old = before.get("api_v3_key", "").encode()
    return (now, old) if len(old) == _KEY_BYTES else (now,)


def _demand(form: re.Pattern[str], told: Mapping[str, str], name: str) -> None:
    if form.fullmatch(told[name]) is None:
        raise BadCredentials(name)


def _loaded(load: Callable[[str], _T], told: Mapping[str, str], name: str) -> _T:
    try:
        return load(told[name])
    except ValueError:
        raise BadCredentials(name) from None

"""The signature of PayPal's calls to us: RSA and SHA-256 over
`transmission id|transmission time|webhook id|CRC-32 of the raw body`, the last in decimals.

The call itself says where its certificate lies (PAYPAL-CERT-URL), so that address is looked at
before anything is fetched: spelt exactly as PayPal spells it, on an API host of the account's mode.
What is trusted is that host: TLS proves it, no redirect is followed, and the egress guard holds.

Of the certificate itself we check that it is valid today, that its subject is a name below
paypal.com, and that its key is RSA of 2048 bits or more. We do NOT check who issued it. PayPal's
own old SDKs for Python and Java did, against one intermediate certificate of DigiCert's that they
shipped (what is fetched is the leaf alone); PayPal left that chain in 2024. Their PHP one asks
PayPal to verify. Whoever forged a certificate here would have to speak as PayPal's API host, to
which we send the account's secret as well.

A call is repeated up to 25 times in three days; whether with a new time is not documented. So an
old one is taken for four days, and one event's id is taken once (data/payments/notices.py).
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from data.payments.gateway import BadNotice, ProviderUnreachable
from integrations.http import Request
from integrations.payments.kinds import Mode, Wiring
from integrations.payments.line import Line

_ID, _TIME = "paypal-transmission-id", "paypal-transmission-time"
_SIGNATURE, _CERTIFICATE = "paypal-transmission-sig", "paypal-cert-url"
_ALGORITHM = "paypal-auth-algo"
_FORMS = {
    _ID: re.compile(r"[A-Za-z0-9-]{1,64}"),
    _TIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII),
    _SIGNATURE: re.compile(r"[A-Za-z0-9+/]{1,1024}={0,2}"),
    _CERTIFICATE: re.compile(
        r"https://([a-z.-]{1,40})(/v1/notifications/certs/[A-Za-z0-9-]{1,80})"
    ),
    _ALGORITHM: re.compile(r"SHA256withRSA"),
}
_HOSTS = {
    Mode.LIVE: frozenset({"api.paypal.com", "api-m.paypal.com"}),
    Mode.SANDBOX: frozenset({"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}),
}
_OWNER = ".paypal.com"
_SMALLEST_KEY = 2048  # bits
_OLDEST, _AHEAD = timedelta(days=4), timedelta(minutes=5)
_OK, _REDIRECTED, _SERVER_ERRORS = 200, 300, 500
_KEPT = 8  # certificates; PayPal signs with one at a time
_FETCHES, _WHILE = 20, timedelta(minutes=1)  # a forger makes us call PayPal no more often


@dataclass(frozen=True, slots=True)
class _Signer:
    key: RSAPublicKey
    since: datetime
    until: datetime


class Seal:
    """`webhook_id`: PayPal's name for the address that it calls; empty while it is not known."""

    def __init__(self, wiring: Wiring, mode: Mode, webhook_id: str) -> None:
        self._wiring = wiring
        self._hosts = _HOSTS[mode]
        self._webhook_id = webhook_id
        self._signers: dict[str, _Signer] = {}
        self._fetched: list[datetime] = []

    async def verify(self, raw: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers that were signed with. BadNotice: PayPal did not sign this for this account;
        ProviderUnreachable: the certificate cannot be had just now."""
        told = _told(headers)
        now = self._wiring.clock.now()
        _refuse_old(told[_TIME], now)
        if not self._webhook_id:
            raise BadNotice("webhook_id_unknown")
        signature = _decoded(told[_SIGNATURE])
        signer = await self._signer(told[_CERTIFICATE], now)
        signed = f"{told[_ID]}|{told[_TIME]}|{self._webhook_id}|{zlib.crc32(raw)}".encode()
        try:
            signer.key.verify(signature, signed, PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise BadNotice("signature_wrong") from None
        return told

    async def _signer(self, address: str, now: datetime) -> _Signer:
        place = _FORMS[_CERTIFICATE].fullmatch(address)
        if place is None or place[1] not in self._hosts:
            raise BadNotice("certificate_address")
        signer = self._signers.get(address)
        if signer is None or now > signer.until:
            signer = _signer_in(await self._fetch(place[1], place[2], now))
            if not signer.since <= now <= signer.until:
                raise BadNotice("certificate_not_valid")
            if len(self._signers) >= _KEPT:
                self._signers.clear()
            self._signers[address] = signer
        return signer

    async def _fetch(self, host: str, path: str, now: datetime) -> bytes:
        self._fetched = [one for one in self._fetched if now - one < _WHILE]
        if len(self._fetched) >= _FETCHES:
            raise ProviderUnreachable("certificates_asked_for_too_often")
        self._fetched.append(now)
        line = Line(self._wiring, f"https://{host}")
        reply = await line.send(Request("GET", f"{line.address}{path}", {}))
        if _REDIRECTED <= reply.status < _SERVER_ERRORS:
            raise BadNotice("certificate_unknown")
        if reply.status != _OK:
            raise ProviderUnreachable(f"status_{reply.status}")
        return reply.body


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    lowered = {name.lower(): value for name, value in headers.items()}
    for name, form in _FORMS.items():
        if not form.fullmatch(lowered.get(name, "")):
            raise BadNotice(name.replace("-", "_"))
    return {name: lowered[name] for name in _FORMS}


def _refuse_old(time: str, now: datetime) -> None:
    try:
        sent = datetime.fromisoformat(time)
    except ValueError:
        raise BadNotice("time") from None
    if not now - _OLDEST <= sent <= now + _AHEAD:
        raise BadNotice("time")


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise BadNotice("signature_form") from None


def _signer_in(document: bytes) -> _Signer:
    """Of the first certificate. ProviderUnreachable: what lies there is none, which has happened to
    PayPal before (paypal/PayPal-Python-SDK, issue 130); it calls again."""
    try:
        leaf = x509.load_pem_x509_certificates(document)[0]
        key, names = leaf.public_key(), _names(leaf)
    except (ValueError, x509.UnsupportedGeneralNameType):
        raise ProviderUnreachable("certificate_unreadable") from None
    if not any(name.lower().endswith(_OWNER) for name in names):
        raise BadNotice("certificate_name")
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise BadNotice("certificate_key")
    return _Signer(key, leaf.not_valid_before_utc, leaf.not_valid_after_utc)


def _names(leaf: x509.Certificate) -> list[str]:
    found = [str(one.value) for one in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        others = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return found
    return [*found, *others.value.get_values_for_type(x509.DNSName)]

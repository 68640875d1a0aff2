"""Kinds of payment providers: what a shop tells of its account there, and who then makes the calls.

Adding one is a module with a `Kind` in it and a line in `integrations/payments/shelf.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from data.kernel.clock import Clock
from data.kernel.errors import Invalid
from data.payments.accounts import Credentials
from data.payments.gateway import Gateway
from integrations.egress import Egress


class Mode(StrEnum):
    """Whether money is real. A provider's own sandbox says so on its face."""

    LIVE = "live"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a merchant types in; its words are `payments.<provider>.<name>`.

    `lines`: it has several (a key in PEM). `choices`: one of these.
    """

    name: str
    secret: bool = False
    lines: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the house lends to a gateway. `address`: another place than the provider's own, where a
    test has its stand-in. A payer comes back to `return_url` and the payment's key."""

    clock: Clock
    egress: Egress
    notify_url: str
    return_url: str
    address: str | None = None

    def back(self, key: str) -> str:
        return f"{self.return_url}/{key}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Of a check; `code` is told by `payments.check.<provider>.<code>`, and by `…_not` where it is
    not so. `vital`: where it is not so the credentials themselves are wrong. `needed` False: it is
    good to know, and all works without."""

    is_sound: bool
    code: str
    vital: bool = False
    needed: bool = True
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thanks:
    """What a provider wants to hear so that it stops calling."""

    body: bytes = b""
    media_type: str = "text/plain"


class BadCredentials(Invalid):
    """`detail` names the field that is missing or makes no sense."""

    code = "error_payment_credentials"


class Connected(Gateway, Protocol):
    """A gateway of a shop's own account. It keeps no connection: see line.py."""

    async def check(self) -> Sequence[Finding]:
        """Prove the credentials by calls that move no money. ProviderUnreachable: no answer."""
        ...


@runtime_checkable
class Bridging(Protocol):
    """Who hands payers over inside WeChat."""

    def bridge(self, prepay_id: str, *, now: datetime) -> dict[str, str]:
        """What WeChat's own bridge is called with, signed."""
        ...


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A provider was told by itself where to call us. `secrets` are to be kept; `name`: what the
    place is called there."""

    name: str
    secrets: Mapping[str, str] = field(repr=False)


@runtime_checkable
class Enrolling(Protocol):
    """Who can tell its provider where to call us, so that nobody has to enter that there."""

    @property
    def is_enrolled(self) -> bool:
        """What it needs to believe a call is known."""
        ...

    async def enrol(self) -> Enrolled | None:
        """None: the key may not, or the address will not do; a person has to."""
        ...

    async def leave_others(self, name: str) -> None:
        """Places of the same address under other names are called no more."""
        ...


@runtime_checkable
class Showing(Protocol):
    """Who has something that a merchant has to enter, or compare, at the provider."""

    def shown(self) -> Mapping[str, str]:
        """By names whose words are `payments.shown.<provider>.<name>`; never a secret."""
        ...


Opener = Callable[[Credentials, Wiring], Connected]


@dataclass(frozen=True, slots=True)
class Kind:
    """`identity` names the field that says who the shop is there. `open` raises BadCredentials.
    `is_told`: each payment tells the provider where to call us; nothing has to be entered there."""

    name: str
    fields: tuple[Field, ...]
    identity: str
    open: Opener
    media_types: frozenset[str]  # of its calls to us
    thanks: Thanks = Thanks()
    is_told: bool = False

    def read(self, typed: Mapping[str, str]) -> Credentials:
        """What was typed in, sorted; BadCredentials names the first field that will not do."""
        told = {one.name: typed.get(one.name, "").strip() for one in self.fields}
        for one in self.fields:
            _refuse_wrong(one, told[one.name])
        return Credentials(
            external_id=told[self.identity],
            settings={one.name: told[one.name] for one in self.fields if not one.secret},
            secrets={one.name: told[one.name] for one in self.fields if one.secret},
        )


_LONGEST = {False: 128, True: 8192}  # of one line: an external id's column; a chain of certificates


def _refuse_wrong(one: Field, value: str) -> None:
    is_missing = not value and not one.optional
    is_odd = len(value) > _LONGEST[one.lines or one.secret] or not _is_plain(value, one)
    is_no_choice = bool(one.choices) and value not in one.choices
    if is_missing or is_odd or is_no_choice:
        raise BadCredentials(one.name)


def _is_plain(value: str, one: Field) -> bool:
    """Keys and ids are ASCII: a full-width letter was typed by a hand, not copied."""
    lines = value.splitlines() if one.lines else [value]
    return value.isascii() and all(line.isprintable() for line in lines)

"""Settings from the environment, typed and frozen; everything wrong is told at once.

Variables begin with TUANZI_. Secrets are `Secret`s: their repr and str never show them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from data.flows import Keeping
from data.kernel.errors import Invalid
from data.payments import Aftercare
from data.people.model_consent import LONGEST_RECEIVER
from dialogs.actions.packages import ActionPackage

VAR = Path("var")
_FIRST_LOOK = timedelta(hours=1)
_T = TypeVar("_T")
_PACKAGE = re.compile(
    r"(?P<shop>[A-Za-z0-9_-]+)=(?P<module>[A-Za-z_][\w.]*):(?P<names>\w+(?:,\w+)*)", re.ASCII
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Secret:
    """A value that reaches no log, page or traceback by accident (T47)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


class SettingsError(Invalid):
    """`problems` names every variable that is missing or makes no sense."""

    code = "error_settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class _Get(Protocol):
    """Looks one variable up, and notes it where it makes no sense."""

    def __call__(self, name: str, parse: Callable[[str], _T], default: _T) -> _T: ...


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """A language model of the operator's choice. `receiver`: who people are told gets their words;
    `tokens`: what each shop may use of it in a day."""

    url: str
    name: str
    key: Secret | None = None
    receiver: str = ""
    tokens: int = 200_000


@dataclass(frozen=True, slots=True)
class Settings:
    """`demo` opens the fake bank, the clock and tokenless REST, and only on loopback (T34)."""

    database_url: str = "sqlite:///var/tuanzi.db"
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1
    demo: bool = False
    demo_token: Secret | None = None
    now: datetime | None = None
    field_keys: tuple[Secret, ...] = ()
    sandbox_secret: Secret | None = None
    telegram_token: Secret | None = None
    telegram_secret: Secret | None = None
    telegram_api: str = "https://api.telegram.org/bot"
    telegram_polling: bool = False
    wechat_api: str = "https://api.weixin.qq.com"
    wechat_site: str = "https://open.weixin.qq.com"
    wecom_api: str = "https://qyapi.weixin.qq.com"
    payment_addresses: Mapping[str, str] = field(default_factory=dict)
    keeping: Keeping = field(default=Keeping())
    aftercare: Aftercare = field(default=Aftercare())
    uploads_kept: timedelta = timedelta(days=30)  # docs/architecture.md, "limits": like the text
    trusted_hosts: tuple[str, ...] = field(default=("127.0.0.1", "localhost"))
    actions: tuple[ActionPackage, ...] = ()
    egress_allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    model: ModelAccess | None = None


def read(environment: Mapping[str, str], *, serving: bool = True) -> Settings:
    """Settings from environment variables; raises SettingsError with every problem.

    A command that serves nobody (`serving=False`) may have its clock set and needs no keys.
    """
    problems: list[str] = []

    def get(name: str, parse: Callable[[str], _T], default: _T) -> _T:
        raw = environment.get(f"TUANZI_{name}", "")
        try:
            return parse(raw) if raw else default
        except ValueError:
            problems.append(f"TUANZI_{name}")
            return default

    settings = _read(get)
    problems += _contradictions(settings) if serving else []
    if problems:
        raise SettingsError(problems)
    return settings


def _read(get: _Get) -> Settings:
    default = Settings()
    url = get("PUBLIC_URL", _http_url, default.public_url)
    return Settings(
        database_url=get("DATABASE_URL", _database_url, default.database_url),
        public_url=url,
        host=get("HOST", str, default.host),
        port=get("PORT", int, default.port),
        processes=get("PROCESSES", _count, default.processes),
        demo=get("DEMO", _flag, default.demo),
        demo_token=get("DEMO_TOKEN", Secret, None),
        now=get("NOW", _moment, None),
        field_keys=get("FIELD_KEYS", _secrets, ()),
        sandbox_secret=get("SANDBOX_SECRET", Secret, None),
        telegram_token=get("TELEGRAM_TOKEN", Secret, None),
        telegram_secret=get("TELEGRAM_SECRET", Secret, None),
        telegram_api=get("TELEGRAM_API", _http_url, default.telegram_api),
        telegram_polling=get("TELEGRAM_POLLING", _flag, default.telegram_polling),
        wechat_api=get("WECHAT_API", _http_url, default.wechat_api),
        wechat_site=get("WECHAT_SITE", _http_url, default.wechat_site),
        wecom_api=get("WECOM_API", _http_url, default.wecom_api),
        payment_addresses=get("PAYMENT_ADDRESSES", _addresses, {}),
        keeping=_keeping(get, default.keeping),
        aftercare=Aftercare(
            refunds=get("REFUND_CHECK_DAYS", _schedule, default.aftercare.refunds),
            payments=get("LOOK_BACK_DAYS", _looks, default.aftercare.payments),
        ),
        uploads_kept=get("UPLOAD_DAYS", _days, default.uploads_kept),
        trusted_hosts=get("TRUSTED_HOSTS", _words, _hosts(url)),
        actions=get("ACTIONS", _packages, ()),
        egress_allowed=get("EGRESS_ALLOWED", _networks, ()),
        model=_model(get),
    )


def _contradictions(settings: Settings) -> list[str]:
    """What each variable allows by itself and production or the demo must refuse (T34)."""
    problems = []
    if settings.demo and settings.host not in _LOOPBACK:
        problems.append("TUANZI_HOST")
    if not settings.demo and settings.now is not None:
        problems.append("TUANZI_NOW")
    if settings.processes > 1 and settings.now is not None:
        problems.append("TUANZI_PROCESSES")  # a clock that is turned lives in one process
    if not settings.demo and settings.demo_token is not None:
        problems.append("TUANZI_DEMO_TOKEN")
    if not settings.demo and settings.sandbox_secret is not None:
        problems.append("TUANZI_SANDBOX_SECRET")
    if not settings.demo and not settings.field_keys:
        problems.append("TUANZI_FIELD_KEYS")
    if settings.telegram_token and not settings.telegram_polling and not settings.telegram_secret:
        problems.append("TUANZI_TELEGRAM_SECRET")
    return problems + (_model_contradictions(settings.model) if settings.model else [])


def _keeping(get: _Get, default: Keeping) -> Keeping:
    return Keeping(
        versions=get("ROLLBACK_DAYS", _days, default.versions),
        idle=get("IDLE_DAYS", _days, default.idle),
    )


def _model(get: _Get) -> ModelAccess | None:
    """None: nobody is asked. Half of it is a mistake that `_model_contradictions` names."""
    url, name = get("MODEL_URL", _http_url, ""), get("MODEL_NAME", str, "")
    key, receiver = get("MODEL_KEY", Secret, None), get("MODEL_RECEIVER", _label, "")
    if not (url or name or key or receiver):
        return None
    host = urlsplit(url).hostname or ""
    return ModelAccess(url, name, key, receiver or host, get("MODEL_TOKENS", _count, 200_000))


def _model_contradictions(model: ModelAccess) -> list[str]:
    """What people write, and the key, cross a network only encrypted."""
    address = urlsplit(model.url)
    is_safe = address.scheme == "https" or address.hostname in _LOOPBACK
    problems = [] if model.url and is_safe else ["TUANZI_MODEL_URL"]
    if not model.name:
        problems.append("TUANZI_MODEL_NAME")
    if len(model.receiver) > LONGEST_RECEIVER:  # a host's name may be that long
        problems.append("TUANZI_MODEL_RECEIVER")
    return problems


def _http_url(raw: str) -> str:
    if urlsplit(raw).scheme not in {"http", "https"}:
        raise ValueError(raw)
    return raw.rstrip("/")


def _addresses(raw: str) -> Mapping[str, str]:
    """`stripe=http://127.0.0.1:8420,paypal=…`"""
    pairs = (part.strip().partition("=") for part in raw.split(","))
    return {name: _http_url(url) for name, _, url in pairs}


def _database_url(raw: str) -> str:
    """`postgresql://` means psycopg 3 here."""
    return raw.replace("postgresql://", "postgresql+psycopg://", 1)


def _label(raw: str) -> str:
    """It stands in a sentence, and between quotes on a button."""
    if len(raw) > LONGEST_RECEIVER or re.search(r"""["\\{}\n]""", raw):
        raise ValueError(raw)
    return raw


def _moment(raw: str) -> datetime:
    moment = datetime.fromisoformat(raw)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _count(raw: str) -> int:
    if (number := int(raw)) < 1:
        raise ValueError(raw)
    return number


def _days(raw: str) -> timedelta:
    return timedelta(days=_count(raw))


def _schedule(raw: str) -> tuple[timedelta, ...]:
    """`1,3,7`: after so many days, each later than the one before."""
    days = tuple(_days(part.strip()) for part in raw.split(","))
    if list(days) != sorted(set(days)):
        raise ValueError(raw)
    return days


def _looks(raw: str) -> tuple[timedelta, ...]:
    """The same after a payment; a first look comes after an hour, each next one so much later."""
    days = _schedule(raw)
    return (_FIRST_LOOK, *(b - a for a, b in pairwise((timedelta(0), *days))))


def _flag(raw: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if raw.lower() not in known:
        raise ValueError(raw)
    return known[raw.lower()]


def _secrets(raw: str) -> tuple[Secret, ...]:
    return tuple(Secret(part.strip()) for part in raw.split(","))


def _packages(raw: str) -> tuple[ActionPackage, ...]:
    """`shop=package:action_a,action_b`, with spaces between."""
    found = tuple(map(_PACKAGE.fullmatch, raw.split()))
    if None in found:
        raise ValueError(raw)
    return tuple(
        ActionPackage(one["shop"], one["module"], frozenset(one["names"].split(",")))
        for one in found
        if one is not None
    )


def _networks(raw: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Of our own, which calls may reach although they are closed to strangers (egress.py)."""
    return tuple(ip_network(part.strip()) for part in raw.split(","))


def _words(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(","))


def _hosts(public_url: str) -> tuple[str, ...]:
    host = urlsplit(public_url).hostname or ""
    return tuple(sorted({"127.0.0.1", "localhost", host}))

"""Every text of the pages, in all three languages: nothing missing, nothing left over."""

import re
from enum import EnumType
from pathlib import Path

import pytest

from bot.action_servers import LOST_SECRET
from bot.channels.registry import CHANNELS
from bot.console.desk import DONE
from bot.web.wording import catalogue, files_of, words
from data import ledger
from data.analytics import FIGURES
from data.catalogue import Shown
from data.conversations import Mode
from data.delivery.models import OutboxState
from data.group_buys import CampaignState, PayMode, SeatState, TeamState
from data.kernel import errors
from data.kernel.locales import Locale
from data.merchants import StaffRole
from data.orders import AddressStands, ChangeKind, ChangeState, OrderKind, OrderState, ReturnState
from data.orders.coupon_turns import CouponState
from data.orders.price_models import PriceDeed
from data.payments import JOBS, Alarm, AttemptState, QuarantineDeed, RefundState, books
from data.payments.account_models import AccountDeed
from data.payments.credit_models import UseState
from data.pools import PoolState
from data.split_orders import SplitEnd, SplitState
from integrations.action_servers import Problem
from integrations.payments.kinds import Mode as MoneyMode

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "bot" / "console" / "templates").glob("*.html"))
_CALLED = re.compile(r"""_\(\s*["']([^"']+)["']\s*[,)]""")
_EITHER = re.compile(r"""_\("([^"]+)" if [^)]* else "([^"]+)"\)""")
_GAP = re.compile(r"%\(\w+\)s")
# Ids that pages put together from a state.
_STATES: dict[str, EnumType] = {
    "order_state": OrderState,
    "order_kind": OrderKind,
    "address_stands": AddressStands,
    "attempt_state": AttemptState,
    "refund_state": RefundState,
    "return_state": ReturnState,
    "change_state": ChangeState,
    "change_kind": ChangeKind,
    "campaign_state": CampaignState,
    "team_state": TeamState,
    "seat_state": SeatState,
    "campaign.mode": PayMode,
    "campaign.mode_hint": PayMode,
    "pool_state": PoolState,
    "split_state": SplitState,
    "outbox_state": OutboxState,
    "shown": Shown,
    "mode": Mode,
    "role": StaffRole,
    "accounts.choice": MoneyMode,
    "accounts.deed": AccountDeed,
    "trouble.alarm": Alarm,
    "trouble.alarm_hint": Alarm,
    "coupon_state": CouponState,
    "use_state": UseState,
    "price_deed": PriceDeed,
}
_SPLIT_ENDS = (SplitEnd.SHORT, SplitEnd.EMPTY, SplitEnd.CALLED_OFF)  # of all, not of one part
_SUMS = ("off", "goods_from", "most_off", "budget")  # of a coupon's form
_ROOMS = (
    *("overview", "orders", "parcels", "returns", "group-buys", "pools", "split-orders", "chats"),
    *("catalogue", "flows", "prices", "payments", "ledger"),
)
# Why a payment stands still (data/payments/quarantine.py), and a notice (data/payments/notices.py).
_WHY = ("currency", "amount", "our_ref", "provider_ref", "provider_ref_taken")
_WHY_NOTICES = ("unknown_payment", "claimed_amount")
# The kinds of entries that are written, by the constants that name them.
_KINDS = {name: str(told) for name, told in vars(books).items() if name.isupper()}
_IN_CODE = re.compile(r'"((?:error|import)_[a-z_]+)"')


def _needed() -> set[str]:
    """Every id a page may ask for: from templates, states, error codes and import codes."""
    ids = {f"done.{code}" for code in DONE} | {f"nav.{room}" for room in _ROOMS}
    for template in TEMPLATES:
        text = template.read_text(encoding="utf-8")
        ids |= set(_CALLED.findall(text))
        ids |= {one for pair in _EITHER.findall(text) for one in pair}
    for prefix, states in _STATES.items():
        ids |= {f"{prefix}.{state}" for state in states}
    ids |= {f"split.why.{end}" for end in _SPLIT_ENDS}
    ids |= {f"steps.{figure}" for figure in FIGURES}
    ids |= {f"actions.problem.{problem}" for problem in (*Problem, LOST_SECRET)}
    ids |= {f"trouble.why.{reason}" for reason in (*_WHY, *_WHY_NOTICES)}
    ids |= {f"trouble.job.{kind}" for kind in JOBS}
    ids |= {f"trouble.deed.{deed}" for deed in QuarantineDeed if deed != QuarantineDeed.SET_ASIDE}
    ids |= {f"coupon.{name}_in" for name in _SUMS}
    ids |= {f"campaign.channel.{channel}" for channel in CHANNELS}
    ids |= {f"entry.{kind}" for name, kind in _KINDS.items() if name not in vars(ledger)}
    ids |= {error.code for error in _all_errors(errors.ShopError)}
    for folder in ("bot/console", "integrations/catalogues", "data/catalogue"):
        for file in (ROOT / folder).glob("*.py"):
            ids |= set(_IN_CODE.findall(file.read_text(encoding="utf-8")))
    return ids - {"import_feed", "import_rows", "import_page"}


def _all_errors(root: type[errors.ShopError]) -> list[type[errors.ShopError]]:
    return [root, *(each for child in root.__subclasses__() for each in _all_errors(child))]


@pytest.mark.parametrize("locale", list(Locale))
def test_every_text_a_page_asks_for_exists(locale: Locale) -> None:
    texts = words(locale)
    missing = [text_id for text_id in sorted(_needed()) if texts.ugettext(text_id) == text_id]
    assert missing == []


@pytest.mark.parametrize("locale", list(Locale))
def test_no_text_is_unsure_empty_or_asked_for_by_nobody(locale: Locale) -> None:
    for file in files_of(locale):
        for message in catalogue(file, locale):
            if not message.id:
                continue
            assert message.string, (file, message.id)
            assert not message.fuzzy, (file, message.id)
            if file.name in ("console.po", "errors.po"):
                assert message.id in _needed(), (file, message.id)


def test_all_three_languages_have_the_same_texts_and_gaps() -> None:
    told = {
        locale: {
            str(message.id): sorted(_GAP.findall(str(message.string)))
            for file in files_of(locale)
            for message in catalogue(file, locale)
            if message.id
        }
        for locale in Locale
    }
    assert told[Locale.EN] == told[Locale.ZH_HANS] == told[Locale.ZH_HANT]


def test_the_two_chinese_differ_in_their_script() -> None:
    """A text copied from one script to the other is a text nobody translated."""
    hans, hant = words(Locale.ZH_HANS), words(Locale.ZH_HANT)
    simplified = set("这个们还没会发货单选择钱额买卖关闭录东让规检输联价")
    for text_id in sorted(_needed()):
        assert not simplified & set(hant.ugettext(text_id)), text_id
    assert hans.ugettext("nav.orders") != hant.ugettext("nav.orders")


def test_nothing_in_a_template_switches_escaping_off() -> None:
    """T21: `safe`, `Markup`, `autoescape false`, inline scripts and styles are banned."""
    banned = re.compile(r"\|\s*safe|Markup|autoescape|<script|<style|\son\w+=|\sstyle=")
    for template in TEMPLATES:
        assert not banned.search(template.read_text(encoding="utf-8")), template

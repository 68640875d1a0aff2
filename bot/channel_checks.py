"""`tuanzi channels check ACCOUNT`: is a messenger set up as it must be, and what will it allow?

Each messenger brings its own checks, loaded when an account of it is checked.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pkgutil import resolve_name

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE, CannotDo, language
from bot.web.wording import say
from bot.which_shop import find_merchant
from data.merchants import ApiToken, ChannelAccount

# One module for each messenger: from its account to what was found.
_CHECKED_BY = {
    "telegram": "bot.telegram_checks:check_telegram",
    "wechat": "bot.wechat_checks:check_wechat",
    "matrix": "bot.matrix_checks:check_matrix",
    "wecom": "bot.wecom_checks:check_wecom",
    "rest": "bot.channel_checks:check_rest",
    "web": "bot.web_checks:check_web",
}


class Mark(StrEnum):
    """`BROKEN` must be mended; `CAN` and `CANNOT` tell what is possible as it stands."""

    SOUND = "✓"
    BROKEN = "✗"
    CAN = "+"
    CANNOT = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is an id of check.po."""

    mark: Mark
    text: str
    values: Mapping[str, object] = field(default_factory=dict)


Check = Callable[[Tuanzi, ChannelAccount], Sequence[Finding]]


def check_channel(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """One line for each finding; the exit code says whether something must be mended."""
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
        account = find_account(session, merchant_id, options.account)
    findings = [*_of_every_messenger(account), *_check_of(account)(tuanzi, account)]
    for one in findings:
        sys.stdout.write(f"{one.mark} {say(one.text, language(), **one.values)}\n")
    return BROKEN if any(one.mark is Mark.BROKEN for one in findings) else EXIT_SOUND


def sound(is_sound: bool, text: str, **values: object) -> Finding:  # it is the question
    """`text` is told where it is so, `text_not` where it is not."""
    mark = Mark.SOUND if is_sound else Mark.BROKEN
    return Finding(mark, text if is_sound else f"{text}_not", values)


def allowed(can: bool, text: str, **values: object) -> Finding:  # it is the question
    mark = Mark.CAN if can else Mark.CANNOT
    return Finding(mark, text if can else f"{text}_not", values)


def check_rest(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """Their server calls us: it needs a key of its own."""
    with tuanzi.database.reading() as session:
        keys = session.scalars(
            select(ApiToken.token_hash).where(
                ApiToken.merchant_id == account.merchant_id,
                ApiToken.account_id == account.id,
                ApiToken.revoked_at.is_(None),
            )
        ).all()
    return [
        sound(bool(keys) or tuanzi.settings.demo, "check.rest_key"),
        Finding(Mark.CAN, "check.rest_can"),
        Finding(Mark.CANNOT, "check.rest_cannot"),
    ]


def _of_every_messenger(account: ChannelAccount) -> list[Finding]:
    return [sound(account.enabled, "check.enabled", channel=account.channel, id=account.id)]


def _check_of(account: ChannelAccount) -> Check:
    if account.channel not in _CHECKED_BY:
        raise CannotDo(("check.unknown_channel", {"channel": account.channel}))
    check: Check = resolve_name(_CHECKED_BY[account.channel])
    return check


def find_account(session: Session, merchant_id: str, wanted: str) -> ChannelAccount:
    """By our id, or by the messenger's."""
    found = session.scalars(
        select(ChannelAccount).where(
            ChannelAccount.merchant_id == merchant_id,
            or_(ChannelAccount.id == wanted, ChannelAccount.external_id == wanted),
        )
    ).all()
    if len(found) == 1:
        return found[0]
    every = session.scalars(
        select(ChannelAccount).where(ChannelAccount.merchant_id == merchant_id)
    ).all()
    known = ", ".join(f"{one.id} ({one.channel} {one.external_id})" for one in every)
    raise CannotDo(("check.which_account", {"accounts": known or "-"}), exit_code=EXIT_USAGE)

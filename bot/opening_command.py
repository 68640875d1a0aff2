"""`tuanzi open-shop`: a shop with an owner and tokens, in one transaction, after all was asked."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.opening import REST, admit, open_shop
from bot.opening_form import ShopForm, read_form
from bot.terminal import CannotDo, ask_secret, tell
from bot.web.passwords import LONGEST, SHORTEST, Passwords
from data.kernel.errors import ShopError
from data.kernel.tokens import new_token
from data.merchants import ChannelAccount, Merchant, StaffRole
from data.merchants.staff import NewStaff, find_staff, hire

# What the shop's facts refuse, in the terminal's words.
_REFUSALS = {
    "merchant": "cli.id_taken",
    "email": "cli.email_taken",
    "password": "cli.weak_password",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """What lets programs in; told once, and kept only as fingerprints."""

    api_token: str
    channel_token: str


def open_new_shop(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Everything or nothing."""
    form = read_form(options)
    with tuanzi.database.reading() as session:  # nobody shall think of a password in vain
        _refuse_taken(session, form)
    password = ask_secret("cli.ask_password", again="cli.ask_password_again")
    keys = Keys(new_token(), new_token())
    try:
        with tuanzi.database.transaction() as session:
            _open(session, tuanzi, form=form, password=password, keys=keys)
    except ShopError as error:
        raise _in_words(error, form) from None
    _hand_over(keys, form, tuanzi.settings.public_url, as_json=options.json)
    return 0


def _refuse_taken(session: Session, form: ShopForm) -> None:
    taken = {
        "merchant": session.get(Merchant, form.shop.id),
        "email": find_staff(session, email=form.email),
    }
    texts = [(_REFUSALS[what], _values(form)) for what, found in taken.items() if found]
    if texts:
        raise CannotDo(*texts)


def _open(session: Session, tuanzi: Tuanzi, *, form: ShopForm, password: str, keys: Keys) -> None:
    now = tuanzi.clock.now()
    merchant = open_shop(session, shop=form.shop, by="cli", now=now)
    owner = NewStaff(form.email, form.owner, StaffRole.OWNER, form.shop.locale, password)
    hire(session, merchant_id=merchant.id, newcomer=owner, hasher=Passwords(), now=now)
    rest = session.scalars(
        select(ChannelAccount).where(
            ChannelAccount.merchant_id == merchant.id, ChannelAccount.channel == REST
        )
    ).one()
    admit(session, door=merchant, token=keys.api_token, now=now)
    admit(session, door=rest, token=keys.channel_token, now=now)


def _in_words(error: ShopError, form: ShopForm) -> ShopError:
    text_id = _REFUSALS.get(error.detail)
    return CannotDo((text_id, _values(form))) if text_id else error


def _values(form: ShopForm) -> dict[str, object]:
    return {"id": form.shop.id, "email": form.email, "shortest": SHORTEST, "longest": LONGEST}


def _hand_over(keys: Keys, form: ShopForm, public_url: str, *, as_json: bool) -> None:
    """For a person with what each is for; for a program as one object."""
    if as_json:
        sys.stdout.write(json.dumps({"shop": form.shop.id, **asdict(keys)}) + "\n")
        return
    tell("cli.shop_opened", url=public_url, **asdict(keys), **_values(form))

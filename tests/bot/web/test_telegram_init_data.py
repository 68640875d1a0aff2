"""Who opened a page inside Telegram is believed as aiogram believes it, and only fresh (T56)."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.web.telegram_init_data import FRESH, read_init_data
from data.kernel.errors import Unauthorised
from tests.builders import NOW

TOKEN = "7:canary-token"
ANN = {"id": 101, "first_name": "安妮 & Ann", "language_code": "zh-hans"}


def aiogram_believes(raw: str) -> bool:
    # Not above: whoever only collects tests would wait seconds for all that comes along.
    from aiogram.utils.web_app import check_webapp_signature  # noqa: PLC0415

    return check_webapp_signature(TOKEN, raw)


def signed(token: str = TOKEN, at: datetime = NOW, **fields: Any) -> str:
    """As Telegram makes it, after the vendor's description."""
    told = {"auth_date": str(int(at.timestamp())), "user": json.dumps(ANN), **fields}
    lines = "\n".join(f"{name}={told[name]}" for name in sorted(told))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    told["hash"] = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
    return urlencode(told, quote_via=quote)


def test_what_telegram_signed_says_who_opened_the_page() -> None:
    raw = signed(start_param="pay", chat_instance="-9", signature="of-the-other-kind")
    assert aiogram_believes(raw)
    told = read_init_data(raw, token=TOKEN, now=NOW)
    assert (told.sender.external_id, told.sender.name, told.start) == ("101", "安妮 & Ann", "pay")


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_changed_we_refuse_what_another_library_refuses(data: st.DataObject) -> None:
    raw = signed(start_param="pay")
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + data.draw(st.sampled_from("0a%&=é")) + raw[place + 1 :]
    try:
        read_init_data(changed, token=TOKEN, now=NOW)
        believed = True
    except Unauthorised:
        believed = False
    assert not believed or aiogram_believes(changed)


@given(raw=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_junk_is_refused_and_nothing_worse(raw: str) -> None:
    with pytest.raises(Unauthorised):
        read_init_data(raw, token=TOKEN, now=NOW)


@pytest.mark.parametrize(
    "raw",
    [
        signed(token="8:another-bot"),
        signed() + "&user=%7B%22id%22%3A1%7D",  # a second user behind the signed one
        signed(user="[]"),
        signed(user='{"id": true}'),
        signed(user='{"id": "101"}'),
        signed(auth_date="99999999999999999999"),
        signed(auth_date="soon"),
        signed(at=NOW - FRESH),
        signed(at=NOW + timedelta(minutes=6)),
        "hash=",
        "x" * 5000,
    ],
)
def test_what_is_forged_old_or_malformed_opens_nothing(raw: str) -> None:
    with pytest.raises(Unauthorised):
        read_init_data(raw, token=TOKEN, now=NOW)

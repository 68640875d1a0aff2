"""The envelope and its signature, against bytes that WeCom's own library made."""

import base64
import json
from pathlib import Path

import pytest

from bot.channels.wechat_events import read_fields
from bot.channels.wechat_seal import Keys
from bot.channels.wechat_xml import parse, text_of
from bot.settings import Secret
from data.kernel.errors import Forbidden, Invalid

VECTOR: dict[str, str] = json.loads(
    (Path(__file__).parents[2] / "recordings" / "wechat" / "sealed_by_wecom.json").read_text()
)
STAMP = VECTOR["timestamp"], VECTOR["nonce"]


def keys(*, app_id: str = VECTOR["app_id"], aes_key: str = VECTOR["aes_key"]) -> Keys:
    return Keys(app_id, Secret(VECTOR["token"]), Secret(aes_key))


def test_what_wecoms_library_sealed_is_opened_and_its_signature_agrees() -> None:
    assert keys().signature(*STAMP, VECTOR["sealed"]) == VECTOR["signature"]
    fields = parse(keys().open(VECTOR["sealed"]))
    assert text_of(fields, "ScanCodeInfo", "ScanResult") == VECTOR["result"]
    event = read_fields(fields)
    assert event is not None
    assert event.text == "6901939621608"


def test_what_we_seal_we_open_and_no_two_seals_are_alike() -> None:
    seals = {keys().seal("生日快乐 🎂") for _ in range(3)}
    assert len(seals) == 3
    assert {keys().open(seal) for seal in seals} == {"生日快乐 🎂"}


def test_an_envelope_of_ours_is_signed_over_what_it_holds() -> None:
    told = parse(keys().envelope("<xml></xml>", timestamp=7))
    assert told["MsgSignature"] == keys().signature("7", told["Nonce"], told["Encrypt"])
    assert told["TimeStamp"] == "7"


@pytest.mark.parametrize("other", [{"app_id": "wx_other"}, {"aes_key": "b" * 43}])
def test_for_another_app_or_with_another_key_it_stays_shut(other: dict[str, str]) -> None:  # T01
    with pytest.raises(Forbidden):
        keys(**other).open(VECTOR["sealed"])


@pytest.mark.parametrize("sealed", ["", "团子", "=", "AAAA", "A" * 64, VECTOR["sealed"][:-8]])
def test_junk_is_refused_whatever_the_cipher_makes_of_it(sealed: str) -> None:
    with pytest.raises(Forbidden):
        keys().open(sealed)


def test_every_byte_of_the_seal_counts() -> None:
    sealed = bytearray(base64.b64decode(VECTOR["sealed"]))
    assert not keys().is_signed(VECTOR["signature"], *STAMP, VECTOR["sealed"] + " ")
    for place in range(0, len(sealed), 37):
        changed = bytes([*sealed[:place], sealed[place] ^ 1, *sealed[place + 1 :]])
        text = base64.b64encode(changed).decode()
        assert not keys().is_signed(VECTOR["signature"], *STAMP, text)


@pytest.mark.parametrize("given", ["", "团", "\ud800", VECTOR["signature"].upper()])
def test_a_signature_of_any_characters_is_only_wrong(given: str) -> None:
    assert not keys().is_signed(given, *STAMP, VECTOR["sealed"])


@pytest.mark.parametrize("aes_key", ["", "short", "团" * 43, "a" * 44])
def test_a_key_that_seals_nothing_is_told(aes_key: str) -> None:
    with pytest.raises(Invalid):
        keys(aes_key=aes_key).check()

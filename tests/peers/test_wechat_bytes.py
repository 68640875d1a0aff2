"""WeChat's envelope against WeCom's own library, in both directions."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.wechat_events import read_fields
from bot.channels.wechat_parts import Words
from bot.channels.wechat_seal import Keys
from bot.channels.wechat_xml import parse, write
from bot.settings import Secret
from data.kernel.errors import Forbidden
from tests.bot.delivery.wechat import KEYS, an_event
from tests.bot.delivery.wecom import CORP, a_bell
from tests.peers.kept import NoPeer
from tests.peers.wecom_crypto_kept import Oracle, running_oracle

pytestmark = pytest.mark.slow
STAMP = {"timestamp": "1790000000", "nonce": "n0nce"}
SECRETS = {"key": KEYS.aes_key.reveal(), "token": KEYS.token.reveal(), "app": KEYS.app_id}
RECORDED = Path(__file__).parents[1] / "recordings" / "wechat" / "sealed_by_wecom.json"


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    try:
        with running_oracle() as oracle:
            yield oracle
    except NoPeer as reason:
        pytest.skip(f"WeCom's library cannot be had here: {reason}")


def test_we_read_what_node_has_sealed(oracle: Oracle) -> None:
    code = {"ScanType": "barcode", "ScanResult": "EAN_13,6901939621608"}
    xml = an_event("scancode_waitmsg", EventKey="6", ScanCodeInfo=code)
    told = oracle.ask("seal", **SECRETS, **STAMP, xml=xml)
    assert KEYS.is_signed(told["signature"], *STAMP.values(), told["sealed"])
    opened = KEYS.open(told["sealed"])
    assert opened == xml
    event = read_fields(parse(opened))
    assert event is not None
    assert event.text == "6901939621608"


def test_a_bell_that_node_has_sealed_for_a_company_is_opened(oracle: Oracle) -> None:
    secrets = {"key": CORP.aes_key.reveal(), "token": CORP.token.reveal(), "app": CORP.app_id}
    told = oracle.ask("seal", **secrets, **STAMP, xml=a_bell("WORD"))
    assert CORP.is_signed(told["signature"], *STAMP.values(), told["sealed"])
    assert parse(CORP.open(told["sealed"]))["Token"] == "WORD"
    with pytest.raises(Forbidden):
        Keys("ww_another", CORP.token, CORP.aes_key).open(told["sealed"])


@pytest.mark.parametrize("words", ["生日快乐 🎂", "]]> 茶", "x" * 2048, "", "é" * 31, "团" * 682])
def test_node_reads_what_we_have_sealed(oracle: Oracle, words: str) -> None:
    xml = write({"ToUserName": "o_ann", "CreateTime": 1, **Words(words).in_reply()})
    told = parse(KEYS.envelope(xml, timestamp=int(STAMP["timestamp"])))
    stamp = {"timestamp": told["TimeStamp"], "nonce": told["Nonce"]}
    read = oracle.ask("open", **SECRETS, **stamp, sealed=told["Encrypt"])
    assert (read["xml"], read["app"]) == (xml, KEYS.app_id)
    assert read["signature"] == told["MsgSignature"]
    assert parse(read["xml"])["Content"] == words


@pytest.mark.parametrize("length", range(0, 70, 7))
def test_every_padding_is_read_by_both(oracle: Oracle, length: int) -> None:
    text = "a" * length
    assert KEYS.open(oracle.ask("seal", **SECRETS, **STAMP, xml=text)["sealed"]) == text
    assert oracle.ask("open", **SECRETS, **STAMP, sealed=KEYS.seal(text))["xml"] == text


def test_the_recorded_bytes_are_still_what_node_reads(oracle: Oracle) -> None:
    vector = json.loads(RECORDED.read_text())
    keys = Keys(vector["app_id"], Secret(vector["token"]), Secret(vector["aes_key"]))
    secrets = {"key": vector["aes_key"], "token": vector["token"]}
    stamp = {name: vector[name] for name in ("timestamp", "nonce")}
    read = oracle.ask("open", **secrets, **stamp, sealed=vector["sealed"])
    assert read == {
        "xml": keys.open(vector["sealed"]),
        "app": vector["app_id"],
        "signature": vector["signature"],
    }

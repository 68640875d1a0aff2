"""A gift talked out to a paid order through WeChat's and WeCom's stand-ins, in simplified Chinese:
what people did, and what stood on their screens, in the order of the stand-in's own clock."""

from pathlib import Path
from typing import Any

from tests.peers.telegram_world import settle
from tests.peers.wechat_platform import Remote
from tests.peers.wechat_world import Phone, official_street
from tests.peers.wecom_world import Customer, desk_street
from tests.peers.wecom_world import settle as settle_desk
from tests.pictures.transcript import Page, Shown, plain

_WISH = "给我妈挑个生日礼物，三百以内"
_ADDRESS = "张小兰 13800138000 上海市徐汇区漕溪路 1 号"
_LAN, _SHOP = "小兰", "团子"
# What is no message has no words: the platform's own name for it.
_EVENTS = {
    "subscribe": "follows the account (subscribe)",
    "enter_session": "opens the desk (enter_session)",
}
_WAYS = {
    "passive": "passive reply",
    "customer": "customer message",
    "greeting": "greeting",
    "message": "",
}
Json = dict[str, Any]


def an_official_account(folder: Path) -> list[Page]:
    with official_street(folder) as (tuanzi, platform):
        lan = Phone(tuanzi, platform, "o_lan")
        platform.follows(openid=lan.openid)
        lan.sees("我是团子")
        for words in (_WISH, "2", "１", _ADDRESS, "确认"):  # a wide digit is a number too
            lan.says(words)
            settle(tuanzi)
        lan.pays()
        lan.sees("收到|付款成功")
        settle(tuanzi)
        return [_page(_done_there(platform, lan.openid) + platform.seen(lan.openid))]


def a_desk(folder: Path) -> list[Page]:
    with desk_street(folder) as (tuanzi, platform):
        lan = Customer(tuanzi, platform, "wm_lan")
        platform.enters(who=lan.id)
        lan.sees("我是团子")
        for words in (_WISH, "2", "1", _ADDRESS):
            lan.says(words)
            settle_desk(tuanzi)
        lan.sees("确认")
        lan.presses("确认")
        lan.sees("/pay/")
        lan.pays()
        lan.sees("收到|付款成功")
        settle_desk(tuanzi)
        told = platform.journal(openid=lan.id)
        return [_page(told["said"] + told["seen"])]


def _done_there(platform: Remote, openid: str) -> list[Json]:
    pushes = platform.log()["pushes"]
    return [one for one in pushes if one["fields"]["FromUserName"] == openid]


def _page(journal: list[Json]) -> Page:
    in_order = sorted(journal, key=lambda one: float(one["at"]))
    return Page(f"{_LAN} · {_SHOP}", [_shown(one) for one in in_order], columns=2)


def _shown(one: Json) -> Shown:
    if "by" in one:
        return _told(one)
    pushed = one.get("fields", {})
    event = pushed.get("Event") or one.get("event", {}).get("event_type")
    if event:
        return Shown(plain(f"{_LAN} {_EVENTS[event]}"))
    said = one.get("text", {})
    note = "from the menu" if "menu_id" in said else ""
    return Shown(plain(pushed.get("Content") or said["content"]), _LAN, mine=True, note=note)


def _told(one: Json) -> Shown:
    note = _WAYS[one["by"]]
    if "msgmenu" not in one:
        return Shown(plain(one.get("Content") or one["text"]["content"]), _SHOP, note=note)
    menu = one["msgmenu"]
    rows = tuple((entry[entry["type"]]["content"],) for entry in menu["list"])
    return Shown(plain(menu["head_content"]), _SHOP, buttons=rows, note=note)

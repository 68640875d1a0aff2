"""A group-buy in a room of a real Synapse, seen by one of the buyers in a client of others."""

import shutil
from pathlib import Path

from PIL import Image

from tests.peers.matrix_world import Square, matrix_settings, opened
from tests.peers.synapse_peer import User, running_synapse
from tests.pictures.nheko import Nheko, running_nheko

# The client is of 2023 and cannot read the rooms of version 12 that a new Synapse makes.
_ROOM_VERSION = "11"
_ADDRESSES = {
    "小蘭": "陳小蘭 0912345678 台北市大安區和平東路 1 號",
    "阿偉": "李偉 0922345678 台北市中正區羅斯福路 8 號",
    "Jun": "陳俊 0932345678 新北市板橋區文化路 5 號",
}
_SEAT, _ASKED, _PAY, _PAID, _FULL = "留了一個名額", "確認跟團嗎", "/pay/", "收到|已付款", "成團囉"


def a_group_buy(seeded: Path, folder: Path) -> dict[str, Image.Image]:
    """The room of all, and the one that was opened for her."""
    shutil.copyfile(seeded, folder / "shop.db")
    with running_synapse(folder / "hs", default_room_version=_ROOM_VERSION) as synapse:
        bot = synapse.person("shop", "團子")
        people = [synapse.person(f"person{n}", name) for n, name in enumerate(_ADDRESSES)]
        with opened(matrix_settings(folder / "shop.db"), synapse, bot) as square:
            return _acted(square, people, folder)


def _acted(square: Square, people: list[User], folder: Path) -> dict[str, Image.Image]:
    lan, *others = people
    crew = square.group(lan, *others)
    square.say(lan, "團子，揪團買茶壺", crew)
    own = square.invited(lan)
    square.wait_for(_SEAT, lan, own)
    with running_nheko(lan, folder / "nheko") as nheko:
        _take_seat(square, lan, own, _ADDRESSES["小蘭"], nheko)
        for who, address in zip(others, list(_ADDRESSES.values())[1:], strict=True):
            square.say(who, "算我一個", crew)
            room = square.invited(who)
            square.wait_for(_SEAT, who, room)
            _take_seat(square, who, room, address, None)
        square.wait_for(_FULL, lan, crew)
        square.settle()
        private = nheko.settled()
        nheko.open_room(crew)
        return {"matrix-private": private, "matrix": nheko.settled()}


def _take_seat(square: Square, who: User, room: str, address: str, nheko: Nheko | None) -> None:
    """Address, yes, pay; with the client the yes is typed there."""
    square.say(who, address, room)
    square.wait_for(_ASKED, who, room)
    if nheko:
        nheko.open_room(room)
        nheko.write("1")
    else:
        square.say(who, "確認", room)
    square.wait_for(_PAY, who, room)
    square.pay(who, room)
    square.settle()

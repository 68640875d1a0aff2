"""Twelve people in one Telegram group, all at once: each begins to buy something there, goes on in
private by a link of their own, and stops half-way, in both places."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Barrier

from bot.app import Tuanzi
from bot.channels.telegram_updates import read_update
from bot.delivery.turns import Received
from data.conversations.said import Said
from data.merchants import ChannelAccount
from dialogs.private import START_LINK
from dialogs.understanding import warm_up
from tests.bot.delivery.telegram import GROUP, message, user

PEOPLE = 12
PATIENCE = 60  # seconds: who never comes to the start keeps the others from it no longer
LOWEST = 3101  # of the numbers, one for each, that stand in what only they may read
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫"
BAG, GIFT = "厚帆布托特包", "搪瓷铸铁锅"
# Of yuan, of fen, of a house; not amid the letters of an id or a token.
_NUMBER = re.compile(r"(?<![A-Za-z0-9_-])(31\d\d)(?:00)?(?![A-Za-z0-9_-])")
_GUEST = re.compile(r"Guest\d\d")
_RECIPIENT = re.compile(f"([{SURNAMES}])小明")


@dataclass(frozen=True, slots=True)
class Guest:
    number: int

    @property
    def id(self) -> int:
        return 500 + self.number

    @property
    def name(self) -> str:
        return f"Guest{self.number:02d}"

    @property
    def own(self) -> int:
        return LOWEST + self.number

    @property
    def gives(self) -> bool:
        """The others buy for themselves: then only the address is private, not the whole flow."""
        return self.number % 2 == 0

    @property
    def is_half_told(self) -> bool:
        """A house without a name and a number; the others stand at the last question."""
        return self.number % 3 == 0

    @property
    def recipient(self) -> str:
        return f"{SURNAMES[self.number]}小明"

    @property
    def street(self) -> str:
        return f"苏州市姑苏区平江路 {self.own} 号"

    def in_group(self) -> list[str]:
        if self.gives:
            return [f"给我妈挑个生日礼物，{self.own}元以内"]
        return ["有没有帆布包", "买第一个", "靛蓝的"]

    def in_private(self) -> list[str]:
        told = [self.street]
        if not self.is_half_told:
            told.append(f"{self.recipient} 13812345678")
        return ["第一个", "砖红的", *told] if self.gives else told

    def in_group_again(self) -> list[str]:
        """To where it is asked which of its kinds."""
        return ["有没有围巾", "买第一个"] if self.gives else ["有没有床头灯", "买第一个"]


GUESTS = [Guest(number) for number in range(PEOPLE)]


@dataclass(slots=True)
class Dozen:
    tuanzi: Tuanzi
    account: ChannelAccount
    links: dict[int, str] = field(default_factory=dict)
    strangers: list[Said] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def talk(self) -> None:
        warm_up()  # as a server does: else each of the twelve loads the language files
        for act in (self._begin, self._try_anothers_door, self._go_on, self._begin_again):
            _at_once(act)

    def _begin(self, guest: Guest) -> None:
        *_, last = [self.say(guest, f"@tuanzi_test_bot {one}", GROUP) for one in guest.in_group()]
        (self.links[guest.number],) = _links(last)

    def _try_anothers_door(self, guest: Guest) -> None:
        link = self.links[(guest.number + 1) % PEOPLE]
        self.strangers += self.say(guest, f"/start {link}")

    def _go_on(self, guest: Guest) -> None:
        for text in (f"/start {self.links[guest.number]}", *guest.in_private()):
            assert self.say(guest, text), text

    def _begin_again(self, guest: Guest) -> None:
        for text in guest.in_group_again():
            assert self.say(guest, f"@tuanzi_test_bot {text}", GROUP), text

    def say(self, guest: Guest, text: str, where: int | None = None) -> list[Said]:
        about = {**user(guest.id), "first_name": guest.name, "language_code": "zh-hans"}
        raw = message(next(self._numbers), text, who=guest.id, where=where)
        raw["message"]["from"] = about
        event = read_update(raw, self.account)
        assert event is not None
        return self.tuanzi.turns.answer(Received(self.account, event, raw))


def _at_once(act: Callable[[Guest], None]) -> None:
    together = Barrier(PEOPLE, timeout=PATIENCE)

    def begin(guest: Guest) -> None:
        together.wait()
        act(guest)

    with ThreadPoolExecutor(PEOPLE) as threads:
        list(threads.map(begin, GUESTS))


def _links(said: list[Said]) -> list[str]:
    urls = [
        str(option.get("url") or "")
        for one in said
        for part in one.segments
        for option in part.get("options", ())
    ]
    return [url.removeprefix(START_LINK) for url in urls if url.startswith(START_LINK)]


def told_of(text: str) -> tuple[set[int], set[str], set[str]]:
    """Whose: the numbers, the names and the recipients that stand in it."""
    numbers = {int(one) for one in _NUMBER.findall(text)}
    recipients = {f"{one}小明" for one in _RECIPIENT.findall(text)}
    return numbers, set(_GUEST.findall(text)), recipients

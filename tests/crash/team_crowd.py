"""People who open teams, join by the link, pay, leave, call off, or do nothing of the kind."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random

from bot.pages.visitors import VISITOR_COOKIE, Visitor, note
from bot.settings import Secret
from bot.web import csrf
from tests.crash.crowd import AT_ONCE, Buyer
from tests.crash.hurried_shop import Shop

MOST = 5  # who come for one team, its leader included: one too many where four are a full one
_HEADS = (1, 2, 2, 3, 4, 4, 4, MOST)
_AT_A_TIME = 6  # teams: who opened one does not wait long for the others


@dataclass(slots=True)
class TeamCrowd:
    """What somebody wants depends on the seed and on who they are; how it meets what the others
    want depends on the moment. `links`: of teams that were opened, by number."""

    shop: Shop
    links: dict[int, dict[str, str]] = field(default_factory=dict)

    def gather(self, teams: int) -> int:
        """A few teams at a time: each is opened, and then everybody comes at once. Gives how often
        somebody had to ask again."""
        again = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for first in range(0, teams, _AT_A_TIME):
                opened = range(first, min(first + _AT_A_TIME, teams))
                again += sum(pool.map(self._lead, opened))
                again += sum(pool.map(partial(self._come, back=False), self._others(opened)))
        return again

    def come_back(self) -> int:
        """Who was to pay when the team is full, or once more, looks in again."""
        everybody = [(team, 0) for team in self.links] + self._others(self.links)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(partial(self._come, back=True), everybody))

    def _others(self, teams: Iterable[int]) -> list[tuple[int, int]]:
        found = [(team, place) for team in teams for place in range(1, self._heads(team))]
        Random(f"{self.shop.seed}:{len(found)}").shuffle(found)
        return found

    def _heads(self, team: int) -> int:
        """In turn for each campaign: a ladder's every step is met, however few teams there are."""
        return _HEADS[-1 - team // len(self.shop.campaigns) % len(_HEADS)]

    def _lead(self, team: int) -> int:
        buyer, luck = self._buyer(team, 0), self._luck(team, 0)
        campaign = self.shop.campaigns[team % len(self.shop.campaigns)]
        units = 1 + team % 3 // 2
        link = buyer.ask(f"/counter/teams/open/{campaign}/{self._person(team, 0)}/{units}")
        self.links[team] = link
        self._act(buyer, luck, (team, 0))
        return buyer.again

    def _come(self, who: tuple[int, int], *, back: bool) -> int:
        buyer, luck = self._buyer(*who), self._luck(*who)
        if not back:
            noted = self._note(who)
            buyer.cookie = f"{VISITOR_COOKIE}={noted}"
            form = f"{csrf.FIELD}={csrf.token_for(noted)}"
            buyer.ask(f"/g/{self.links[who[0]]['token']}/join", form)
        self._act(buyer, luck, who)
        return buyer.again

    def _act(self, buyer: Buyer, luck: Random, who: tuple[int, int]) -> None:
        here = f"{self.links[who[0]]['id']}/{self._person(*who)}"
        wish = luck.random()
        if wish < 1 / 12:
            buyer.ask(f"/counter/teams/leave/{here}")
            return
        order = buyer.ask(f"/counter/teams/order/{here}")
        if order is None or wish < 1 / 6:
            return  # pledged, too late, or they forget to pay
        buyer.pay(order["token"], luck)
        if wish > 11 / 12:
            buyer.ask(f"/counter/cancel/{order['id']}")

    def _note(self, who: tuple[int, int]) -> str:
        """As WeChat's own page would have sent them back to us."""
        visitor = Visitor(self._person(*who), self.shop.account)
        return note(Secret(self.shop.key), visitor, self.shop.clock.now())

    def _person(self, team: int, place: int) -> str:
        return self.shop.people[team * MOST + place]

    def _buyer(self, team: int, place: int) -> Buyer:
        return Buyer(self.shop.port, team * MOST + place)

    def _luck(self, team: int, place: int) -> Random:
        return Random(f"{self.shop.seed}:{team}:{place}")

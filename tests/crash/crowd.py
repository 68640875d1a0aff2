"""Buyers who place, pay, call off, and try again as often as a process dies on them."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Any

from data.orders import OrderKind
from data.payments.sandbox_models import Outcome

_PATIENCE = 120.0
AT_ONCE = 6
_FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
_OUTCOMES = (
    *[Outcome.APPROVED] * 4,
    *[Outcome.LOST] * 3,
    *[Outcome.TWICE] * 2,
    *[Outcome.LATE] * 3,
    *[Outcome.DECLINED] * 2,
)
_OK, _SEE_OTHER, _REFUSED = 200, 303, 409


@dataclass(frozen=True, slots=True)
class Crowd:
    """What buyer n does depends on the seed and on n alone."""

    port: int
    seed: int

    def buy(self, many: int) -> int:
        """How often somebody had to ask again."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(self._live, range(many)))

    def _live(self, number: int) -> int:
        luck, buyer = Random(f"{self.seed}:{number}"), Buyer(self.port, number)
        kind = luck.choice([OrderKind.NORMAL, OrderKind.NORMAL, OrderKind.GROUP])
        # The bank takes late money after two minutes: of some orders the time is over by then.
        order = buyer.ask(f"/counter/orders/{number}/{luck.choice([1, 30, 30])}/{kind}")
        if order is None:
            return buyer.again  # nothing left
        buyer.pay(order["token"], luck)
        if luck.random() < 1 / 4:
            buyer.ask(f"/counter/cancel/{order['id']}")
        elif kind == OrderKind.GROUP:
            buyer.ask(f"/counter/decide/{order['id']}/{luck.choice([0, 1])}")
        return buyer.again


@dataclass(slots=True)
class Buyer:
    """At an address of their own: the pages count looks by address. `cookie`: what their browser
    keeps of this shop."""

    port: int
    number: int
    again: int = 0
    cookie: str = ""

    def pay(self, token: str, luck: Random) -> None:
        """Whom the bank declines tries once more."""
        outcome = luck.choice(_OUTCOMES)
        for tried in (outcome, *([Outcome.APPROVED] if outcome == Outcome.DECLINED else [])):
            self.ask(f"/pay/{token}/sandbox", f"outcome={tried}")

    def ask(self, path: str, form: str = "") -> Any:
        """What was answered, None if a rule refused it. No answer: ask again, the same."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                status, body = self._ask_once(path, form)
                break
            except (http.client.HTTPException, OSError):
                assert time.monotonic() < until, path
                self.again += 1
                time.sleep(0.1)
        assert status in (_OK, _SEE_OTHER, _REFUSED), (status, path, body)
        return json.loads(body) if status == _OK else None

    def _ask_once(self, path: str, form: str) -> tuple[int, bytes]:
        mine = (f"127.1.{self.number // 250}.{self.number % 250 + 1}", 0)
        with closing(
            http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=_PATIENCE, source_address=mine
            )
        ) as connection:
            cookie = {"cookie": self.cookie} if self.cookie else {}
            connection.request("POST", path, form, _FORM | cookie)
            answer = connection.getresponse()
            return answer.status, answer.read()

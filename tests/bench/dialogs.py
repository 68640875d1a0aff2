"""`./dev bench dialogs`: what the engine itself takes, whether a turn costs the same in a shop with
many conversations, and in a house with many merchants; and our server beside Rasa (peer.py).

The first three in process, so that nothing but the turn is measured; the sizes take turns, so that
a machine that changes its speed changes it for all of them.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select

from bot.channels.rest import RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.opening import REST
from bot.play.world import World, open_world
from data.merchants import ChannelAccount
from dialogs import play
from dialogs.engine import ActionResult, Flows, Input, RunAction, State, run
from dialogs.engine.running import Run, See, Turned
from tests.bench.crowds import add_conversations, add_merchants
from tests.bench.peer import stand_beside
from tests.bench.report import Report, p99
from tests.bench.turns import SCRIPT

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
CONVERSATIONS, MERCHANTS = (10, 1_000, 100_000), (1, 100, 1_000)
AIM_ENGINE_US, AIM_FLAT = 100.0, 1.2  # issue 3, "against the peer"
_ABOUT = RestMetadata(locale="zh-Hans")


def run_bench(quick: bool, *, peer: bool) -> Report:
    report = Report("dialogs")
    engine = _engine_us(rounds=20 if quick else 200)
    report.figures = {"engine_p50_us": statistics.median(engine), "engine_p99_us": p99(engine)}
    report.aim(
        "p50 of the engine under 100 us",
        got=report.figures["engine_p50_us"],
        ok=report.figures["engine_p50_us"] < AIM_ENGINE_US,
    )
    scripts = 3 if quick else 30
    _flat(report, "conversations", CONVERSATIONS[: 2 if quick else 3], _talkative, scripts)
    _flat(report, "merchants", MERCHANTS[: 2 if quick else 3], _crowded, scripts)
    stand_beside(report, peer=peer, quick=quick)
    return report


def _flat(
    report: Report,
    what: str,
    sizes: Sequence[int],
    opened: Callable[[int], "Shop"],
    scripts: int,
) -> None:
    """p50 of a turn at each size, and the largest against the smallest."""
    shops = [opened(size) for size in sizes]
    taken: list[list[float]] = [[] for _ in shops]
    for number in range(-2, scripts):  # two to warm up
        for shop, times in zip(shops, taken, strict=True):
            said = [shop.say(f"bench{number}", text, number) for text in SCRIPT]
            times.extend(said if number >= 0 else [])
    for shop in shops:
        shop.world.close()
    medians = [statistics.median(times) * 1000 for times in taken]
    for size, median in zip(sizes, medians, strict=True):
        report.figures[f"turn_p50_ms_{size}_{what}"] = median
    ratio = medians[-1] / medians[0]
    report.ratios[f"{sizes[-1]}_to_{sizes[0]}_{what}"] = ratio
    report.aim(f"{what}: flat within 20 %", got=ratio, ok=ratio <= AIM_FLAT)


@dataclass(frozen=True, slots=True)
class Shop:
    """A world, and the doors of its merchants: scripts knock at one after the other."""

    world: World
    accounts: Sequence[ChannelAccount]

    def say(self, sender: str, text: str, number: int) -> float:
        body = RestMessage(sender=sender, message=text, metadata=_ABOUT)
        account = self.accounts[number % len(self.accounts)]
        received = Received(account, parse(body), body.model_dump(mode="json"))
        begun = time.perf_counter()
        said = self.world.tuanzi.turns.answer(received)
        taken = time.perf_counter() - begun
        if not said:
            raise RuntimeError(text)
        return taken


def _talkative(size: int) -> Shop:
    world = open_world(NOW)
    for text in SCRIPT[:3]:  # the pattern that is multiplied: somebody half-way through a wish
        world.say(who="pattern", where="private", text=text, about=_ABOUT)
    return _grown(world, partial(add_conversations, many=size - 1))


def _crowded(size: int) -> Shop:
    return _grown(open_world(NOW), partial(add_merchants, many=size))


def _grown(world: World, grow: Callable[[Path], None]) -> Shop:
    world.tuanzi.database.close()
    grow(world.folder / "shop.db")
    with world.tuanzi.database.reading() as session:
        rest = select(ChannelAccount).where(ChannelAccount.channel == REST)
        accounts = session.scalars(rest.order_by(ChannelAccount.id)).all()
    return Shop(world, [one for one in accounts if "-" in one.id] or accounts)


@dataclass(frozen=True, slots=True)
class _Turn:
    state: State
    given: Input
    flows: Flows
    answers: list[ActionResult]


def _engine_us(rounds: int) -> list[float]:
    """The very turns of the script, played again: what actions gave is given back at once."""
    turns = _recorded()
    gc.collect()
    taken = []
    for _ in range(rounds):
        for turn in turns:
            answers = iter(turn.answers)
            begun = time.perf_counter()
            run(turn.state, turn.given, turn.flows, lambda _wanted, at=answers: next(at))
            taken.append((time.perf_counter() - begun) * 1_000_000)
    return taken


def _recorded() -> list[_Turn]:
    turns: list[_Turn] = []
    real = play.run

    def noting(state: State, given: Input, flows: Flows, act: Run, *, see: See) -> Turned:
        answers: list[ActionResult] = []

        def acted(wanted: RunAction) -> ActionResult:
            answers.append(act(wanted))
            return answers[-1]

        turned = real(state, given, flows, acted, see=see)
        turns.append(_Turn(state, given, flows, answers))
        return turned

    world = open_world(NOW)
    play.run = noting  # type: ignore[assignment]  # the same, and it writes down
    try:
        for text in SCRIPT:
            world.say(who="engine", where="private", text=text, about=_ABOUT)
    finally:
        play.run = real
    sets = {turn.flows.live: turn.flows.flows_for(turn.flows.live) for turn in turns}
    world.close()
    return [
        _Turn(one.state, one.given, Flows(one.flows.live, sets.__getitem__), one.answers)
        for one in turns
    ]

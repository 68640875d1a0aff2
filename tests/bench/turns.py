"""`./dev bench turns`: what one turn costs through the REST channel of a real server.

Full durability, an eight-message script, one client and eight, as many processes as there are
cores; eight clients with one process too; and in the same run the floor: the same turns' SQL in
one transaction each, with nothing around it.
"""

import itertools
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench.floor import record, replay
from tests.bench.report import Report, p99
from tests.bench.server import Client, Server, running_server, seeded_shop

SCRIPT = (
    "你好",
    "给我妈挑个生日礼物，三百以内",
    "便宜点",
    "不要香水",
    "第一个",
    "取消",
    "我的订单到哪了",
    "谢谢",
)
AIM_P50_MS, AIM_TURNS, AIM_MEMORY_MB = 10.0, 200.0, 250.0  # issue 2, section 6
CLIENTS = 8
PROCESSES = os.cpu_count() or 1


def run(quick: bool) -> Report:
    """One client, then eight; each script is a new person's."""
    scripts = 6 if quick else 40
    report = Report("turns")
    with seeded_shop() as shop:
        with running_server(shop, processes=1) as lone:
            _act_scripts(lone, 3, "warm")
            one_process = _turns_per_s(_together(lone, scripts))
        with running_server(shop, processes=PROCESSES) as server:
            _together(server, 2)
            alone, _ = _act_scripts(server, scripts, "one")
            eight = _together(server, scripts)
            memory, started = server.memory_mb(), server.started_in
    together, _ = eight
    floor = replay(record(SCRIPT), times=3 if quick else 10)
    p50 = statistics.median(alone) * 1000
    report.figures = {
        "p50_ms": p50,
        "p99_ms": p99(alone) * 1000,
        "turns_per_s": len(alone) / sum(alone),
        "p50_ms_eight": statistics.median(together) * 1000,
        "p99_ms_eight": p99(together) * 1000,
        "turns_per_s_eight": _turns_per_s(eight),
        "turns_per_s_eight_one_process": one_process,
        "processes": PROCESSES,
        "memory_mb": memory,
        "start_s": started,
        "floor_p50_ms": statistics.median(floor) * 1000,
        "floor_turns_per_s": len(floor) / sum(floor),
    }
    report.ratios = {
        "p50_to_floor": p50 / (statistics.median(floor) * 1000),
        "processes_to_one": _turns_per_s(eight) / one_process,
    }
    _hold(report)
    return report


def _hold(report: Report) -> None:
    figures = report.figures
    p50, eight, memory = (figures[name] for name in ("p50_ms", "turns_per_s_eight", "memory_mb"))
    report.aim("p50 of one client at most 10 ms", got=p50, ok=p50 <= AIM_P50_MS)
    report.aim("at least 200 turns/s with eight", got=eight, ok=eight >= AIM_TURNS)
    report.aim("all processes under 250 MB", got=memory, ok=memory < AIM_MEMORY_MB)


_people = itertools.count()


def _act_scripts(server: Server, count: int, prefix: str) -> tuple[list[float], float]:
    client = Client(server)
    begun = time.perf_counter()
    taken = []
    for _ in range(count):
        sender = f"{prefix}-{next(_people)}"
        taken += [client.say(sender, text) for text in SCRIPT]
    return taken, time.perf_counter() - begun


def _together(server: Server, scripts: int) -> tuple[list[float], float]:
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        each = max(1, scripts // 2)
        runs = [pool.submit(_act_scripts, server, each, f"c{n}") for n in range(CLIENTS)]
        taken = [seconds for run in runs for seconds in run.result()[0]]
    return taken, time.perf_counter() - begun


def _turns_per_s(run: tuple[list[float], float]) -> float:
    taken, seconds = run
    return len(taken) / seconds

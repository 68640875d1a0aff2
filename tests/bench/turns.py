"""`./dev bench turns`: what one turn costs through the REST channel of a real server.

Full durability, an eight-message script, one client and eight, as many processes as there are
cores; eight clients with one process too; and in the same run the floor: the same turns' SQL in
one transaction each, with nothing around it.
"""

import os
import statistics

from tests.bench.floor import record, replay
from tests.bench.load import Talk, alone, together
from tests.bench.report import Report, p99
from tests.bench.server import running_server, seeded_shop

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
TALK = Talk(SCRIPT, "zh-Hans")
PROCESSES = os.cpu_count() or 1


def run(quick: bool) -> Report:
    """One client, then eight; each script is a new person's."""
    scripts = 6 if quick else 40
    report = Report("turns")
    with seeded_shop() as shop:
        with running_server(shop, processes=1) as lone:
            alone(lone, TALK, 3)
            one_process = together(lone, TALK, scripts // 2).per_s
        with running_server(shop, processes=PROCESSES) as server:
            together(server, TALK, 1)
            one = alone(server, TALK, scripts)
            eight = together(server, TALK, scripts // 2)
            memory, started = server.memory_mb(), server.started_in
    floor = replay(record(SCRIPT, locale=TALK.locale), times=3 if quick else 10)
    p50 = statistics.median(one.taken) * 1000
    report.figures = {
        "p50_ms": p50,
        "p99_ms": p99(one.taken) * 1000,
        "turns_per_s": one.per_s,
        "p50_ms_eight": statistics.median(eight.taken) * 1000,
        "p99_ms_eight": p99(eight.taken) * 1000,
        "turns_per_s_eight": eight.per_s,
        "turns_per_s_eight_one_process": one_process,
        "processes": PROCESSES,
        "memory_mb": memory,
        "start_s": started,
        "floor_p50_ms": statistics.median(floor) * 1000,
        "floor_turns_per_s": len(floor) / sum(floor),
    }
    report.ratios = {
        "p50_to_floor": p50 / (statistics.median(floor) * 1000),
        "processes_to_one": eight.per_s / one_process,
    }
    _hold(report)
    return report


def _hold(report: Report) -> None:
    figures = report.figures
    p50, eight, memory = (figures[name] for name in ("p50_ms", "turns_per_s_eight", "memory_mb"))
    report.aim("p50 of one client at most 10 ms", got=p50, ok=p50 <= AIM_P50_MS)
    report.aim("at least 200 turns/s with eight", got=eight, ok=eight >= AIM_TURNS)
    report.aim("all processes under 250 MB", got=memory, ok=memory < AIM_MEMORY_MB)

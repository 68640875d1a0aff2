"""Runs one bench and prints its table; with --json the last line is one object for programs."""

import argparse
import json
import signal
import sys
from collections.abc import Callable

from tests.bench import channels, dialogs, group_buy, money, turns
from tests.bench.report import Report

BENCHES: dict[str, Callable[[argparse.Namespace], Report]] = {
    "channels": lambda asked: channels.run(asked.quick, peer=asked.peer),
    "dialogs": lambda asked: dialogs.run_bench(asked.quick, peer=asked.peer),
    "group-buy": lambda asked: group_buy.run(asked.quick),
    "money": lambda asked: money.run(asked.quick),
    "turns": lambda asked: turns.run(asked.quick),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="nobody beside ours")
    options = parser.parse_args()
    # Whoever is told to end first ends the servers that it began.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    report = BENCHES[options.name](options)
    sys.stdout.write(report.table() + "\n")
    if options.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

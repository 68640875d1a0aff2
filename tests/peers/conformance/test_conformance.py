"""Every channel, every case: the same list for all, and a reason where there is nothing to run."""

import logging

import pytest

from bot.channels import registry
from tests.peers.conformance import arriving, leaving
from tests.peers.conformance.bench import Bench
from tests.peers.conformance.conftest import BENCHES, KINDS, OpenBench

CASES = arriving.case | leaving.case
CELLS = [
    (channel, name)
    for channel, kind in BENCHES.items()
    for name, case in CASES.items()
    if all(hasattr(kind, need) for need in case.needs)
]


@pytest.mark.parametrize(("channel", "name"), CELLS)
def test_the_channel_does_as_all_do(
    open_bench: OpenBench, channel: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    runs(open_bench(channel), name, caplog)


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.parametrize(("channel", "name"), CELLS)
def test_so_it_does_on_postgresql(
    open_lent_bench: OpenBench, channel: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    runs(open_lent_bench(channel), name, caplog)


def runs(bench: Bench, name: str, log: pytest.LogCaptureFixture) -> None:
    bench.wait(60)  # what is counted by the minute begins anew
    with log.at_level(logging.WARNING):
        CASES[name].run(bench)
    assert [record for record in log.records if record.exc_info] == []


def test_each_cell_is_run_or_has_its_reason() -> None:
    assert set(BENCHES) == set(registry._READERS)
    unsaid = {
        (channel, name)
        for channel, kind in BENCHES.items()
        for name in CASES
        if ((channel, name) in CELLS) == (name in kind.reasons)
    }
    assert unsaid == set(), "neither run nor explained, or explained and run all the same"
    known = {(channel, name) for channel, kind in BENCHES.items() for name in kind.reasons}
    assert {name for _, name in known} <= set(CASES)
    assert len(CELLS) + len(known) == len(CASES) * len(BENCHES)
    assert all(len(reason) > 20 for kind in KINDS for reason in kind.reasons.values())

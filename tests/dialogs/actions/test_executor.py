"""Merchants' own rasa-sdk actions in this process: each trap of that library, stepped around."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from time import perf_counter
from typing import Any

import pytest

from dialogs.actions.answers import Answer, read_answer
from dialogs.actions.contract import CallFailed, Json, Reason
from dialogs.actions.executor import InProcess
from dialogs.actions.packages import ActionPackage, BadPackage, Packages
from dialogs.actions.shelf import ACTIONS
from tests.dialogs.actions.lan_actions import folding
from tests.dialogs.actions.paper_shop import MODULE, a_call, a_shop

LISTED = frozenset(
    (
        "action_fold", "action_fold_at_once", "validate_paper", "action_look", "action_sleep",
        "action_block", "action_hang", "action_refuse", "action_break", "action_break_at_once",
        "action_overstep", "action_follow",
    )
)  # fmt: skip
SHOP = a_shop()
QUICK = 0.15  # seconds: what these tests wait for one that hangs


@pytest.fixture
def lan() -> Iterator[InProcess]:
    """The executor of Lan's package."""
    executor = InProcess(ActionPackage("lan", MODULE, LISTED), seconds=QUICK)
    yield executor
    executor.close()


def asked(executor: InProcess, call: Json) -> Answer:
    return read_answer(asyncio.run(executor.call(call)), SHOP.domain)


def why(executor: InProcess, call: Json) -> Reason:
    with pytest.raises(CallFailed) as failed:
        asked(executor, call)
    return failed.value.reason


def test_an_action_gives_slots_and_messages(lan: InProcess) -> None:
    answer = asked(lan, a_call("action_fold", paper="red"))
    assert answer.slots == {"shape": "crane"}
    first, second = answer.messages
    assert (first.response, first.values) == ("utter_folded", {"paper": "red!"})
    assert second.text == "Or a boat?"
    assert [button.payload for button in second.buttons] == ["/SetSlots(shape=boat)"]


def test_a_run_that_does_not_await_is_run_as_well(lan: InProcess) -> None:
    assert asked(lan, a_call("action_fold_at_once")).slots == {"shape": "boat"}


def test_what_an_action_changes_in_its_payload_is_changed_for_nobody(lan: InProcess) -> None:
    """FormValidationAction writes slots and events in place; with one payload for two runs the
    second would find its last event gone."""
    call = a_call("validate_paper", slot="paper", paper=" red ")
    before = deepcopy(call)
    for _ in range(2):
        assert asked(lan, call).slots == {"paper": "red"}
    assert call == before


def test_an_answer_that_is_asked_again_is_emptied(lan: InProcess) -> None:
    assert asked(lan, a_call("validate_paper", slot="paper", paper="")).slots == {"paper": None}


def test_each_call_sees_its_own_domain(lan: InProcess) -> None:
    """The executor keeps the last one, and this action writes into it."""
    folding.seen.clear()
    call = a_call("action_look")
    other = {**call, "domain": {**call["domain"], "slots": {"paper": {"type": "text"}}}}
    for one in (call, other, call):
        asked(lan, one)
    names = sorted(call["domain"]["slots"])
    assert folding.seen == [names, ["paper"], names]
    without = {key: value for key, value in call.items() if key != "domain"}
    assert why(lan, without) is Reason.UNREADABLE
    assert len(folding.seen) == 3


def test_one_that_sleeps_is_timed_out_and_the_next_is_served(lan: InProcess) -> None:
    assert why(lan, a_call("action_sleep")) is Reason.TIMEOUT
    assert asked(lan, a_call("action_fold", paper="red")).slots == {"shape": "crane"}


def test_a_few_that_hang_are_all_that_may(lan: InProcess) -> None:
    """Their threads run on; no further one is begun, and what awaits goes on."""

    async def crowd() -> list[Any]:
        hanging = (lan.call(a_call("action_hang")) for _ in range(5))
        return await asyncio.gather(*hanging, return_exceptions=True)

    reasons = [failed.reason for failed in asyncio.run(crowd())]
    assert sorted(reasons) == [Reason.BUSY, *[Reason.TIMEOUT] * 4]
    assert why(lan, a_call("action_fold_at_once")) is Reason.BUSY
    assert asked(lan, a_call("action_fold", paper="red")).slots == {"shape": "crane"}


def test_one_that_blocks_holds_up_neither_us_nor_another_merchant(lan: InProcess) -> None:
    wei = InProcess(ActionPackage("wei", MODULE, frozenset({"action_fold"})))

    async def both() -> float:
        blocked = asyncio.create_task(lan.call(a_call("action_block")))
        await asyncio.sleep(0.01)
        began = perf_counter()
        await wei.call(a_call("action_fold", paper="red"))
        took = perf_counter() - began
        with pytest.raises(CallFailed) as failed:
            await blocked
        assert failed.value.reason is Reason.TIMEOUT
        return took

    try:
        assert asyncio.run(both()) < QUICK
    finally:
        wei.close()


@pytest.mark.parametrize("how", ["raise", "exit", "cancel"])
def test_one_that_breaks_is_broken_and_nothing_else_is(lan: InProcess, how: str) -> None:
    assert why(lan, a_call("action_break", paper=how)) is Reason.BROKEN
    assert asked(lan, a_call("action_fold", paper="red")).slots == {"shape": "crane"}


def test_one_that_ends_its_iterator_is_broken(lan: InProcess) -> None:
    assert why(lan, a_call("action_break_at_once")) is Reason.BROKEN


def test_an_answer_is_json_and_not_endless(lan: InProcess) -> None:
    assert why(lan, a_call("action_break", paper="object")) is Reason.UNREADABLE
    assert why(lan, a_call("action_break", paper="large")) is Reason.TOO_LARGE


def test_a_rejection_is_an_answer(lan: InProcess) -> None:
    assert why(lan, a_call("action_refuse")) is Reason.REFUSED


def test_a_foreign_slot_or_another_action_is_refused(lan: InProcess) -> None:
    assert why(lan, a_call("action_overstep")) is Reason.WRONG_SLOT
    assert why(lan, a_call("action_follow")) is Reason.WRONG_EVENT


def test_what_is_not_on_the_list_is_not_there(lan: InProcess) -> None:
    """`register_package` would have taken every Action class of the process."""
    assert why(lan, a_call("action_unlisted")) is Reason.UNKNOWN_ACTION


def test_a_list_that_the_package_does_not_fit_is_told_when_it_is_read() -> None:
    wrong = [
        ActionPackage("lan", MODULE, frozenset({"action_fold", "action_gone"})),
        ActionPackage("lan", "nowhere.at_all", frozenset({"action_fold"})),
        # Another package's, though its class is in this process.
        ActionPackage("lan", "dialogs.actions", frozenset({"action_fold"})),
    ]
    for package in wrong:
        with pytest.raises(BadPackage, match=package.module):
            InProcess(package)


def test_packages_know_whose_is_what() -> None:
    fold = ActionPackage("lan", MODULE, frozenset({"action_fold"}))
    look = ActionPackage("lan", MODULE, frozenset({"action_look"}))
    packages = Packages([fold, look], taken=ACTIONS)
    assert packages.names("lan") == {"action_fold", "action_look"}
    assert packages.transport("lan", "action_fold") is not packages.transport("lan", "action_look")
    assert packages.transport("wei", "action_fold") is None
    assert packages.names("wei") == frozenset()
    with pytest.raises(BadPackage):
        Packages([fold, fold])
    with pytest.raises(BadPackage, match=MODULE):
        Packages([fold], taken={"action_fold"})


def test_a_shop_without_packages_imports_no_rasa_sdk() -> None:
    """It costs a second and brings a web server along."""
    look = (
        "import sys, dialogs.house, dialogs.actions.shelf;"
        "print(any(name in sys.modules for name in ('rasa_sdk', 'sanic')))"
    )
    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"

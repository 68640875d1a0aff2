"""`TUANZI_ACTIONS`: the list of merchants' own actions, checked when the shop opens."""

import pytest

from bot.settings import SettingsError, read
from bot.terminal import BROKEN, EXIT_USAGE
from dialogs.actions.packages import ActionPackage
from tests.bot.cli.terminal import Terminal
from tests.bot.cli.test_flow_check import written
from tests.dialogs.actions.paper_shop import MODULE
from tests.dialogs.format.small_shop import FILES


def test_the_list_is_read() -> None:
    raw = "giftshop=lan.actions:action_fold,action_wrap tea-house=wei:action_brew"
    assert read({"TUANZI_ACTIONS": raw}, serving=False).actions == (
        ActionPackage("giftshop", "lan.actions", frozenset({"action_fold", "action_wrap"})),
        ActionPackage("tea-house", "wei", frozenset({"action_brew"})),
    )


@pytest.mark.parametrize("raw", ["lan.actions", "shop=lan", "shop=lan:", "=lan:a", "s=../x:a"])
def test_a_list_that_makes_no_sense_is_named(raw: str) -> None:
    with pytest.raises(SettingsError, match="TUANZI_ACTIONS"):
        read({"TUANZI_ACTIONS": raw}, serving=False)


@pytest.mark.parametrize(
    "raw", ["shop=nowhere.at_all:action_fold", f"shop={MODULE}:action_gone",
            f"shop={MODULE}:action_place_order"],
)  # fmt: skip
def test_a_package_that_does_not_fit_opens_no_shop(bare_terminal: Terminal, raw: str) -> None:
    bare_terminal.set(actions=raw)
    answer = bare_terminal.run("audit")
    assert answer.code == EXIT_USAGE
    assert "TUANZI_ACTIONS" in answer.err


def test_flows_may_call_what_is_on_the_list_and_nothing_else(bare_terminal: Terminal) -> None:
    files = {name: text.replace("action_order", "action_fold") for name, text in FILES.items()}
    folder = written(bare_terminal.folder, files)
    refused = bare_terminal.run("flows", "check", str(folder))
    assert refused.code == BROKEN
    assert "error[action_not_there]" in refused.out
    bare_terminal.set(actions=f"shop={MODULE}:action_fold")
    assert bare_terminal.run("flows", "check", str(folder)).out == ""

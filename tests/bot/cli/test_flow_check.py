"""`tuanzi flows check`: what is wrong in flow files, printed as compilers print it."""

from pathlib import Path

import pytest

from bot.terminal import BROKEN
from tests.bot.cli.terminal import Terminal
from tests.dialogs.format.small_shop import FILES, changed


def written(folder: Path, files: dict[str, str]) -> Path:
    """The shop's files; the action they name is one that is on the shelf."""
    for name, text in files.items():
        file = folder / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("action_order", "action_place_order"), encoding="utf-8")
    return folder / "shop"


def test_good_files_are_passed_in_silence(bare_terminal: Terminal) -> None:
    answer = bare_terminal.run("flows", "check", str(written(bare_terminal.folder, FILES)))
    assert (answer.code, answer.out) == (0, "")


def test_what_ships_is_passed_in_silence(bare_terminal: Terminal) -> None:
    answer = bare_terminal.run("flows", "check")
    assert (answer.code, answer.out) == (0, "")


def test_a_mistake_is_printed_with_its_place_and_what_mends_it(bare_terminal: Terminal) -> None:
    folder = written(bare_terminal.folder, changed("collect: recipient", "collect: recepient"))
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN == 1
    assert answer.out == (
        f"{folder}/flows.yml:11:18: error[unknown_slot] There is no slot `recepient`.\n"
        "    Did you mean: recipient? Otherwise declare it below `slots:`.\n"
    )


def test_all_mistakes_are_printed_by_file_and_line(bare_terminal: Terminal) -> None:
    files = changed("then: wrap", "then: warp")
    files["flows.yml"] = files["flows.yml"].replace("payment_paid", "payment_payed")
    files["domain.yml"] = files["domain.yml"].replace("[red, blue]", "[red, blue")
    folder = written(bare_terminal.folder, files)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN
    heads = [line for line in answer.out.splitlines() if not line.startswith(" ")]
    places = [tuple(head.split(": ")[0].rsplit(":", 2)) for head in heads]
    assert places == sorted(places, key=lambda place: (place[0], int(place[1]), int(place[2])))
    assert f"{folder}/domain.yml:15:13: error[yaml_bracket_open] " in answer.out
    assert f"{folder}/flows.yml:19:19: error[unknown_step] " in answer.out
    assert f"{folder}/flows.yml:28:18: error[unknown_event] " in answer.out
    assert len(places) == 3  # the slots of the file that cannot be read are not missed


def test_a_warning_is_printed_and_lets_the_files_pass(bare_terminal: Terminal) -> None:
    files = changed("- id: which\n        collect: colour", "- collect: colour")
    folder = written(bare_terminal.folder, files)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == 0
    assert answer.out.startswith(f"{folder}/flows.yml:53:9: warning[wants_id] ")


def test_an_action_that_is_not_on_the_shelf_is_a_mistake(bare_terminal: Terminal) -> None:
    files = changed("[action_order]", "[action_order, action_send_flowers]", "domain.yml")
    folder = written(bare_terminal.folder, files)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN
    assert f"{folder}/domain.yml:2:31: error[action_not_there] " in answer.out
    assert "`action_send_flowers`" in answer.out


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "There is no flow `tlak`."),
        ("zh_CN", "没有流程 `tlak`。"),
        ("zh_TW", "沒有流程 `tlak`。"),
    ],
)
def test_mistakes_are_told_in_the_language_of_the_terminal(
    bare_terminal: Terminal, monkeypatch: pytest.MonkeyPatch, language: str, sentence: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    folder = written(bare_terminal.folder, changed("link: talk", "link: tlak"))
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN
    assert sentence in answer.out


def test_a_set_that_names_a_missing_action_is_not_published(terminal: Terminal) -> None:
    assert terminal.open_shop().code == 0
    files = changed("[action_order]", "[action_order, action_send_flowers]", "domain.yml")
    folder = written(terminal.folder, files)
    answer = terminal.run("flows", "publish", str(folder), "--merchant", "giftshop")
    assert answer.code == BROKEN
    assert "error[action_not_there]" in answer.out
    good = written(terminal.folder, FILES)
    assert terminal.run("flows", "publish", str(good), "--merchant", "giftshop").code == 0

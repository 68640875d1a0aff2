"""Which files of a folder are read, and what is told of one in another encoding."""

from pathlib import Path

import pytest

from bot.terminal import BROKEN
from bot.yaml_files import text_of
from dialogs.format import read
from tests.bot.cli.terminal import Terminal
from tests.bot.cli.test_flow_check import written
from tests.dialogs.format.small_shop import FILES, changed


@pytest.fixture
def shop(bare_terminal: Terminal) -> Path:
    return written(bare_terminal.folder, FILES)


def saved_as(file: Path, encoding: str) -> None:
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))


@pytest.mark.parametrize(
    ("encoding", "place"), [("gb18030", "5:35"), ("utf-16", "1:1"), ("utf-16-le", "1:1")]
)
def test_a_file_that_is_no_utf_8_is_told_beside_the_mistakes_of_the_others(
    bare_terminal: Terminal, monkeypatch: pytest.MonkeyPatch, encoding: str, place: str
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN")
    wrong = changed("trouble: {type: text}", "trouble: {type: txt}", "domain.yml")
    folder = written(bare_terminal.folder, wrong)
    saved_as(folder / "flows.yml", encoding)
    answer = bare_terminal.run("flows", "check", str(folder))
    heads = [line for line in answer.out.splitlines() if not line.startswith(" ")]
    assert answer.code == BROKEN
    assert [head.split("]")[0] for head in heads] == [
        f"{folder}/domain.yml:10:19: error[not_a_choice",
        f"{folder}/flows.yml:{place}: error[not_utf8",
    ]
    assert "文件没有保存成 UTF-8" in heads[1]


def test_the_mark_of_a_windows_editor_is_accepted(bare_terminal: Terminal, shop: Path) -> None:
    saved_as(shop / "flows.yml", "utf-8-sig")
    answer = bare_terminal.run("flows", "check", str(shop))
    assert (answer.code, answer.out) == (0, "")


def test_a_story_and_a_map_in_another_encoding_are_told_too(
    bare_terminal: Terminal, shop: Path
) -> None:
    story = shop / "story.yml"
    story.write_text("test_cases:\n- test_case: 送礼\n  steps: [{user: 送礼}]\n", "gb18030")
    answer = bare_terminal.run("flows", "check", str(shop))
    assert answer.code == BROKEN
    assert answer.out.startswith(f"{story}:2:14: error[not_utf8] ")
    (problem,) = read(str(story), text_of(story)).problems
    assert (problem.code, problem.at.line, problem.at.column) == ("not_utf8", 2, 14)


def test_what_is_no_utf_8_is_not_published(terminal: Terminal) -> None:
    assert terminal.open_shop().code == 0
    folder = written(terminal.folder, FILES)
    ways = terminal.folder / "ways.yml"
    ways.write_text("老版本: {}\n", "gb18030")
    answer = terminal.run("flows", "publish", str(folder), "--migrate", str(ways))
    assert (answer.code, answer.out.split("]")[0]) == (BROKEN, f"{ways}:1:1: error[not_utf8")
    saved_as(folder / "flows.yml", "gb18030")
    answer = terminal.run("flows", "publish", str(folder))
    assert (answer.code, answer.err) == (BROKEN, "")
    assert answer.out.startswith(f"{folder}/flows.yml:5:35: error[not_utf8] ")


def test_both_endings_of_yaml_are_read(bare_terminal: Terminal, shop: Path) -> None:
    flows = shop / "flows.yml"
    broken = flows.read_text("utf-8").replace("link: talk", "link: tlak")
    flows.write_text(broken, "utf-8")
    flows = flows.rename(shop / "flows.yaml")
    answer = bare_terminal.run("flows", "check", str(shop))
    assert answer.code == BROKEN
    assert f"{flows}:39:15: error[unknown_flow]" in answer.out


@pytest.mark.parametrize("verb", [("check",), ("check", "--calm")])
def test_a_folder_without_flow_files_is_a_mistake(
    bare_terminal: Terminal, verb: tuple[str, ...]
) -> None:
    folder = bare_terminal.folder / "empty"
    folder.mkdir()
    (folder / "goods.tsv").write_text("id\n", "utf-8")
    answer = bare_terminal.run("flows", *verb, str(folder))
    assert answer.code == BROKEN
    assert answer.out.startswith(f"{folder}:1:1: error[no_flow_files] There is no flow file")

"""A merchant's own repository: `pytest` finds its stories and acts them on its own flows."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.play import pytest_plugin
from bot.play.finding import is_recorded, is_story, stories_among
from bot.play.pytest_plugin import told
from bot.play.repository import Repository
from bot.play.story import StoryError
from bot.yaml_files import text_of
from dialogs.format import FlowProblems
from tests.house.source import ROOT

SHOP = ROOT / "docs" / "examples" / "shop"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def test_the_plugin_comes_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"tuanzi": pytest_plugin.__name__}


def test_a_run_in_a_repository_of_its_own_passes_what_holds_and_shows_what_does_not(
    repository: Path,
) -> None:
    """Beside a Python test and YAML that is none of ours, in a process of its own."""
    story = repository / "stories" / "wrapping.yml"
    story.write_text(story.read_text("utf-8").replace("bot: We wrap", "bot: We paint"), "utf-8")
    (repository / "stories" / "other.yml").write_text("services: {web: {}}\n", "utf-8")
    (repository / "stories" / "wrong.yml").write_text("test_cases:\n- test_cas: x\n", "utf-8")
    (repository / "stories" / "test_own.py").write_text("def test_own() -> None: ...\n", "utf-8")
    said = _pytest(repository, "--continue-on-collection-errors")
    lines = said.splitlines()
    assert "2 passed, 1 failed, 1 error" in _counted(lines[-1]), said
    at = f"stories/wrapping.yml:{_line_of(story, 'We paint')}"
    assert f"{at} expected bot: We paint it in red." in lines
    assert "    Lan: We wrap it in red. [utter_wrapped]" in lines
    assert "  in the chat Lan:" in lines
    assert "stories/wrong.yml:2:3: error[unknown_key] A story has no word `test_cas` here." in lines


def _pytest(folder: Path, *more: str) -> str:
    """Whether the plugin is installed or not, it is loaded once."""
    installed = [f"-p{pytest_plugin.__name__}", "-pno:tuanzi"]
    call = [sys.executable, "-m", "pytest", *installed, "-pno:randomly", "-q", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    ran = subprocess.run(
        call, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    return ran.stdout


def _counted(line: str) -> str:
    """`1 failed, 2 passed, 1 error in 3 s`, in one order."""
    words = line.split(" in ", maxsplit=1)[0].split(", ")
    return ", ".join(sorted(words, key=lambda word: ("pass" not in word, "fail" not in word)))


def _line_of(file: Path, text: str) -> int:
    before = file.read_text("utf-8").partition(text)[0]
    return before.count("\n") + 1


def test_flows_that_are_wrong_are_told_as_flows_check_tells_them(repository: Path) -> None:
    flows = repository / "flows" / "wrapping.yml"
    flows.write_text(flows.read_text("utf-8").replace("collect: paper", "collect: papre"), "utf-8")
    shop = Repository(flows=repository / "flows")
    file = repository / "stories" / "wrapping.yml"
    with pytest.raises(Exception, match="unknown_slot") as broken:
        shop.play(file, shop.stories(file)[0])
    assert "flows/wrapping.yml:13:" in (told(broken.value) or "")


def test_flows_that_end_in_yaml_are_acted_on_as_well(repository: Path) -> None:
    for file in [*(repository / "flows").glob("*.yml")]:
        file.rename(file.with_suffix(".yaml"))
    shop = Repository(flows=repository / "flows")
    story = repository / "stories" / "wrapping.yml"
    shop.play(story, shop.stories(story)[0])


def test_a_folder_that_has_only_stories_has_no_flows_to_act_on(repository: Path) -> None:
    shop = Repository(flows=repository / "stories", root=repository)
    file = repository / "stories" / "wrapping.yml"
    with pytest.raises(FlowProblems) as broken:
        shop.play(file, shop.stories(file)[0])
    (problem,) = broken.value.problems
    assert (problem.code, problem.at.file) == ("only_stories", "stories")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "big5"])
def test_stories_in_another_encoding_are_found_and_told(repository: Path, encoding: str) -> None:
    """Also flows: neither is passed over, and neither ends in a traceback."""
    file, flows = repository / "stories" / "own.yml", repository / "flows" / "own.yml"
    for each, text in ((file, "test_cases:\n- test_case: 送禮\n"), (flows, "flows: # 送禮\n")):
        each.write_text(text, encoding)
    assert is_story(text_of(file))
    shop = Repository(flows=repository / "flows", root=repository)
    with pytest.raises(StoryError) as story:
        shop.stories(file)
    good = repository / "stories" / "wrapping.yml"
    with pytest.raises(FlowProblems) as flow:
        shop.play(good, shop.stories(good)[0])
    for broken, name in ((story.value, "stories/own.yml"), (flow.value, "flows/own.yml")):
        (problem,) = broken.problems
        assert (problem.code, problem.at.file) == ("not_utf8", name)


def test_a_bug_of_ours_keeps_its_traceback() -> None:
    assert told(KeyError("x")) is None


def test_a_story_is_known_by_what_stands_in_it() -> None:
    assert is_story("# mine\ntest_cases:\n- test_case: x\n")
    assert not is_story("flows:\n  test_cases:\n")
    assert is_recorded("tests/gift.heard.yml")
    sources = {"a.yml": "flows: {}", "b.yml": "test_cases: []", "b.heard.yml": "heard: []"}
    assert stories_among(sources).keys() == {"b.yml", "b.heard.yml"}


def test_loading_the_plugin_costs_an_ordinary_run_nothing() -> None:
    """Neither the shop nor a database is imported before a story is found."""
    code = "import sys, bot.play.pytest_plugin; print('sqlalchemy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout == "False\n"

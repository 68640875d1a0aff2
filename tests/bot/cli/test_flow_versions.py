"""`tuanzi flows history`, `diff`, `gc`, `retire`, and a publish that takes conversations along."""

import json
from pathlib import Path

import pytest

from bot.terminal import BROKEN, EXIT_SOUND
from tests.bot.cli.terminal import Terminal
from tests.bot.flow_files import FLOWS, GIFT, WARMER, written

A_YEAR_ON = "2027-11-22T10:00:00+08:00"


@pytest.fixture
def shop(terminal: Terminal) -> Terminal:
    """A shop that has published three times."""
    terminal.set(now="2026-11-22T10:00:00+08:00")
    assert terminal.open_shop().code == EXIT_SOUND
    return terminal


def publish(shop: Terminal, name: str, files: dict[str, str], *more: str) -> str:
    folder = written(shop.folder / name, files)
    answer = shop.run("flows", "publish", str(folder), *more)
    return answer.out.strip() or answer.err


def a_map(shop: Terminal, text: str) -> str:
    file: Path = shop.folder / "map.yml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_an_export_stays_below_its_folder_whatever_the_files_are_called(shop: Terminal) -> None:
    """The operator published from elsewhere; a merchant may have made up a name."""
    publish(shop, "published", FLOWS)
    folder = shop.folder / "exported"
    told = shop.run("flows", "export", str(folder)).out.split()
    assert len(told) == len(FLOWS)
    assert all(Path(line).resolve().is_relative_to(folder.resolve()) for line in told), told


def test_the_history_is_lines_for_programs(shop: Terminal) -> None:
    one, two = publish(shop, "one", FLOWS), publish(shop, "two", WARMER)
    shop.run("flows", "rollback")
    lines = [json.loads(line) for line in shop.run("flows", "history").out.splitlines()]
    assert [(line["kind"], line["from"], line["to"]) for line in lines[:2]] == [
        ("roll_back", two, one),
        ("publish", one, two),
    ]
    assert [line["stored"] for line in lines[:2]] == [True, True]


def test_two_versions_are_compared_by_the_beginnings_of_their_names(shop: Terminal) -> None:
    one, two = publish(shop, "one", FLOWS), publish(shop, "two", WARMER)
    answer = shop.run("flows", "diff", one[:10], two[:10])
    assert answer.code == EXIT_SOUND
    assert "+    - text: {zh-Hans: 好的，记下啦！" in answer.out
    assert shop.run("flows", "diff", one, one).out == ""
    unclear = shop.run("flows", "diff", "", two)
    assert (unclear.code, "flows history" in unclear.err) == (BROKEN, True)


def test_old_versions_are_collected_when_nobody_needs_them(shop: Terminal) -> None:
    one, two = publish(shop, "one", FLOWS), publish(shop, "two", WARMER)
    three = publish(shop, "three", {**FLOWS, "flows/gift.yml": GIFT.replace("whom", "for whom")})
    assert shop.run("flows", "gc").out == ""
    shop.set(now=A_YEAR_ON)
    would = shop.run("flows", "gc", "--dry-run")
    assert one in would.out.splitlines()
    assert "Nothing was deleted" in would.err
    assert shop.run("flows", "gc").out == would.out
    assert shop.run("flows", "gc").out == ""
    stored = {sha for (sha,) in shop.ask("SELECT sha FROM flow_versions")}
    assert stored == {two, three}


def test_a_version_can_be_retired_but_not_the_live_one(shop: Terminal) -> None:
    one, two = publish(shop, "one", FLOWS), publish(shop, "two", WARMER)
    assert shop.run("flows", "retire", two).code == BROKEN
    assert shop.run("flows", "retire", one[:12]).out.strip() == one
    again = shop.run("flows", "publish", str(shop.folder / "one"))
    assert (again.code, "flow_version_retired" in again.err) == (BROKEN, True)


def test_a_migrate_map_goes_with_the_publish(shop: Terminal) -> None:
    one = publish(shop, "one", FLOWS)
    moved = {**FLOWS, "flows/gift.yml": GIFT.replace("id: who", "id: whom")}
    way = a_map(shop, f"{one}:\n  gift_finder: {{who: whom}}\n")
    two = publish(shop, "two", moved, "--migrate", way)
    ways = shop.ask("SELECT from_sha, to_sha, flows FROM flow_ways")
    assert ways == [(one, two, '{"gift_finder":{"who":"whom"}}')]


def test_a_mistake_in_the_map_is_told_with_its_place_and_nothing_is_published(
    shop: Terminal,
) -> None:
    one = publish(shop, "one", FLOWS)
    way = a_map(shop, f"{one}:\n  gift_finder:\n    who: noted\n")
    told = publish(shop, "two", WARMER, "--migrate", way)
    assert f"{way}:3:10: error[migrate_kind]" in told
    lines = shop.run("flows", "history").out.splitlines()
    assert json.loads(lines[0])["to"] == one

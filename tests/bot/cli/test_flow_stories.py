"""`tuanzi flows publish DIR` acts the stories in the folder first, for real."""

from bot.terminal import BROKEN
from tests.bot.cli.terminal import Terminal
from tests.bot.flow_files import FLOWS, written
from tests.bot.flow_stories import RED_FILE


def test_red_stories_block_and_a_reason_does_not(terminal: Terminal) -> None:
    terminal.open_shop()
    folder = written(terminal.folder / "mine", {**FLOWS, **RED_FILE})
    (before,) = terminal.ask("SELECT live_sha FROM flow_channels")
    refused = terminal.run("flows", "publish", str(folder))
    assert (refused.code, refused.out) == (BROKEN, "")
    assert f"{folder}/tests/gift.yml:10 expected bot: * EUR" in refused.err
    assert "1 passed, 1 failed" in refused.err
    assert "--despite-red" in refused.err
    assert terminal.ask("SELECT live_sha FROM flow_channels") == [before]
    published = terminal.run("flows", "publish", str(folder), "--despite-red", "known, on Monday")
    assert published.code == 0
    assert terminal.ask("SELECT live_sha FROM flow_channels") == [(published.out.strip(),)]
    assert terminal.ask('SELECT "by", reason FROM flow_overrides') == [("cli", "known, on Monday")]
    assert terminal.ask("SELECT count(*) FROM flow_trials") == [(1,)], "they were acted once"


def test_stories_alone_are_no_version(terminal: Terminal) -> None:
    terminal.open_shop()
    ((name, text),) = RED_FILE.items()
    file = terminal.folder / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    (before,) = terminal.ask("SELECT live_sha FROM flow_channels")
    refused = terminal.run("flows", "publish", str(terminal.folder / "mine"))
    assert refused.code == BROKEN
    assert refused.out.startswith(f"{file}:1:1: error[only_stories] These files hold only stories")
    assert terminal.ask("SELECT live_sha FROM flow_channels") == [before]
    for language, words in (("zh_CN", "这里只有故事"), ("zh_TW", "這裡只有故事")):
        terminal.monkeypatch.setenv("LC_ALL", language)
        told = terminal.run("flows", "check", str(terminal.folder / "mine"))
        assert words in told.out

"""`tuanzi wechat`: the menu in the wanted language, codes for places and for teams."""

from argparse import Namespace
from typing import Any

import pytest

from bot.cli import _parser
from bot.terminal import CannotDo
from bot.wechat_desk import manage_wechat
from data.group_buys import find_shared
from tests.bot.pages.shared_team import Shared, connect
from tests.peers.wechat_platform import APP_ID


def run(shared: Shared, *words: str) -> int:
    options: Any = _parser().parse_args(["wechat", *words, "--shop", shared.merchant])
    assert isinstance(options, Namespace)
    return manage_wechat(options, shared.tuanzi)


def test_the_menu_is_set_in_the_shops_language_or_the_one_said(
    shared: Shared, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shared, "menu") == 0
    assert "挑礼物" in capsys.readouterr().out
    assert run(shared, "menu", "--locale", "en") == 0
    assert shared.platform.log()["menu"][0]["sub_button"][0]["name"] == "Find a gift"


def test_a_code_of_a_place_opens_the_chat_for_ever(
    shared: Shared, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shared, "qr", "poster-1")
    told = capsys.readouterr().out
    assert "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=" in told
    assert "poster-1" in told


def test_a_code_of_a_team_brings_its_share_along(
    shared: Shared, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shared, "qr", "--team", shared.team)
    token = capsys.readouterr().out.partition("/g/")[2].split()[0]
    with shared.tuanzi.database.reading() as session:
        assert find_shared(session, token=token).id == shared.team


@pytest.mark.parametrize("scene", ["", "x" * 65, "a b", "团"])
def test_a_scene_that_wechat_does_not_take_is_not_asked_for(shared: Shared, scene: str) -> None:
    with pytest.raises(CannotDo):
        run(shared, "qr", scene)


def test_what_wechat_refuses_or_leaves_unanswered_is_told_by_its_number(shared: Shared) -> None:
    for code, text in ((48001, "cli.wechat_not_permitted"), (45009, "cli.wechat_refused")):
        shared.platform.refuse(path="/cgi-bin/menu/create", code=code)
        with pytest.raises(CannotDo) as refused:
            run(shared, "menu")
        assert refused.value.texts == ((text, {"code": code}),)


def test_of_several_accounts_one_must_be_named(shared: Shared) -> None:
    connect(shared.tuanzi, shared.merchant, "wx_other", "secret")
    with pytest.raises(CannotDo, match="which"):
        run(shared, "menu")
    assert run(shared, "menu", "--account", APP_ID) == 0
    with pytest.raises(CannotDo, match="none"):
        run(shared, "menu", "--account", "wx_nobody")

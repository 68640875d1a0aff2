"""`tuanzi campaigns apply`: a shop's group-buys from a file, whole or not at all."""

from pathlib import Path

import pytest

from bot.campaign_files import Entry
from bot.terminal import BROKEN, EXIT_SOUND
from bot.web.wording import say
from data.kernel.database import Database
from data.kernel.locales import Locale
from tests.bot.cli.terminal import Terminal
from tests.bot.flow_files import DOMAIN, FLOWS, written
from tests.builders import a_merchant, a_product, the_variant

FILE = """\
campaigns:
  - key: teapot
    variant: {variant}
    team_size: 3
    team_price: "5.00"
    window_hours: 24
    open_days: 30
  - key: tea
    variant: {variant}
    team_size: 2
    team_price: {price}
    window_hours: 24
    ends_at: 2099-12-01 09:00
    invite_reward: "0.50"
    invite_reward_budget: "5.00"
    invite_channels: [rest, matrix]
"""


@pytest.fixture
def variant(terminal: Terminal) -> str:
    database = Database(f"sqlite:///{terminal.file}")
    with database.transaction() as session:
        product = a_product(session, a_merchant(session), on_hand=20)
        found = the_variant(session, product).id
    database.close()
    return found


def _written(terminal: Terminal, variant: str, price: str = '"4.00"') -> Path:
    terminal.folder.mkdir(exist_ok=True)
    file = terminal.folder / "campaigns.yml"
    file.write_text(FILE.format(variant=variant, price=price), encoding="utf-8")
    return file


def test_a_file_is_applied_once_and_then_changes_nothing(terminal: Terminal, variant: str) -> None:
    file = _written(terminal, variant)
    first = terminal.run("campaigns", "apply", str(file))
    assert (first.code, first.out) == (EXIT_SOUND, "2 new, 0 changed, 0 as before\n"), first.err
    again = terminal.run("campaigns", "apply", str(file))
    assert again.out == "0 new, 0 changed, 2 as before\n"
    _written(terminal, variant, price='"3.00"')
    assert terminal.run("campaigns", "apply", str(file)).out == "0 new, 1 changed, 1 as before\n"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "`team_price` cannot be so.\n    More than nothing, and below"),
        ("zh_CN", "`team_price` 不能这样写。\n    要大于零"),
        ("zh_TW", "`team_price` 不能這樣寫。\n    要大於零"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_is_kept(
    terminal: Terminal, variant: str, language: str, words: str
) -> None:
    terminal.monkeypatch.setenv("LC_ALL", language)
    file = _written(terminal, variant, price='"9999"')
    answer = terminal.run("campaigns", "apply", str(file))
    assert answer.code == BROKEN
    assert f"{file}:11:17: error[value] {words}" in answer.out
    terminal.monkeypatch.setenv("LC_ALL", "en")
    _written(terminal, variant)
    assert terminal.run("campaigns", "apply", str(file)).out.startswith("2 new")


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("campaigns: 3\n", "1:1", "no_list"),
        ("- key: x\n", "1:1", "no_list"),
        ("campaigns:\n  - 3\n", "2:5", "no_list"),
        ("campaigns:\n  - key: x\n    levels: 2\n", "3:5", "unknown_key"),
        ("campaigns:\n  - key: x\n", "2:5", "missing"),
        ("campaigns: [\n", "1:12", "yaml"),
    ],
)
def test_whatever_the_file_holds_is_answered_with_a_place(
    terminal: Terminal, variant: str, text: str, place: str, code: str
) -> None:
    terminal.folder.mkdir(exist_ok=True)
    file = terminal.folder / "campaigns.yml"
    file.write_text(text, encoding="utf-8")
    answer = terminal.run("campaigns", "apply", str(file))
    assert answer.code == BROKEN
    assert f"{file}:{place}: error[{code}" in answer.out


def _beside_flows(terminal: Terminal, key: str, campaigns: str) -> Path:
    """The flows of the tests, one step of which names a campaign, and a file of campaigns."""
    gift = FLOWS["flows/gift.yml"]
    step = "    steps:\n      - set_slots: [{campaign: " + key + "}]\n"
    files = {**FLOWS, "flows/gift.yml": gift.replace("    steps:\n", step, 1)}
    files["flows/domain.yml"] = DOMAIN.replace("slots:\n", "slots:\n  campaign: {type: text}\n", 1)
    return written(terminal.folder / "mine", {**files, "campaigns.yml": campaigns})


def test_a_flow_that_names_a_campaign_which_no_file_has_is_warned_of(
    bare_terminal: Terminal,
) -> None:
    sound = FILE.format(variant="x", price='"4.00"')
    folder = _beside_flows(bare_terminal, "teapot", sound)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert (answer.code, answer.out) == (EXIT_SOUND, "")
    folder = _beside_flows(bare_terminal, "teaport", sound)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == EXIT_SOUND
    assert "warning[unknown_campaign] No campaign beside these flows has the key" in answer.out
    assert "There are: tea, teapot." in answer.out


def test_campaigns_beside_flows_are_checked_with_them(bare_terminal: Terminal) -> None:
    wrong = FILE.format(variant="x", price="much")
    folder = _beside_flows(bare_terminal, "teapot", wrong)
    answer = bare_terminal.run("flows", "check", str(folder))
    assert answer.code == BROKEN
    assert f"{folder}/campaigns.yml:11:17: error[value]" in answer.out
    alone = bare_terminal.run("flows", "check", str(folder / "campaigns.yml"))
    assert "error[only_campaigns]" in alone.out


@pytest.mark.parametrize("locale", list(Locale))
def test_every_word_of_the_file_has_its_reason_in_each_language(locale: Locale) -> None:
    wrong = {f"campaign.wrong.{name}" for name in Entry.model_fields}
    codes = ("no_list", "unknown_key", "missing", "twice", "out_of_stock", "running")
    codes += ("unknown_campaign", "only_campaigns")
    told = {f"campaign_file.{code}.{part}" for code in codes for part in ("message", "hint")}
    assert [one for one in sorted(wrong | told) if say(one, locale) == one] == []


def test_one_key_is_one_campaign(terminal: Terminal, variant: str) -> None:
    file = _written(terminal, variant)
    file.write_text(file.read_text().replace("key: tea\n", "key: teapot\n"))
    answer = terminal.run("campaigns", "apply", str(file))
    assert f"{file}:8:10: error[twice]" in answer.out


PAID = """\
campaigns:
  - key: teapot
    variant: {variant}
    team_size: 2
    team_price: "5.00"
    window_hours: {hours}
    open_days: 30
    tiers: {tiers}
    modes: {modes}
    pay_window: {window}
    underpaid: ship
"""


def _apply(terminal: Terminal, variant: str, **more: str) -> tuple[int, str]:
    told = {"hours": "24", "tiers": "{5: 4.50, 10: 4}", "modes": "[join_first, charge]"}
    terminal.folder.mkdir(exist_ok=True)
    file = terminal.folder / "campaigns.yml"
    text = PAID.format(**{"variant": variant, "window": "3h", **told, **more})
    file.write_text(text, encoding="utf-8")
    ran = terminal.run("campaigns", "apply", str(file))
    return ran.code, ran.out


def test_larger_teams_and_ways_to_pay_stand_in_a_file(terminal: Terminal, variant: str) -> None:
    assert _apply(terminal, variant) == (EXIT_SOUND, "1 new, 0 changed, 0 as before\n")
    assert _apply(terminal, variant)[1] == "0 new, 0 changed, 1 as before\n"
    assert _apply(terminal, variant, tiers="{5: 4.40}")[1] == "0 new, 1 changed, 0 as before\n"


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("tiers", "{5: 4.50, 10: 4.60}", "tiers"),
        ("tiers", "{many: 4}", "tiers"),
        ("modes", "[charge, charge]", "modes"),
        ("modes", "[later]", "modes"),
        ("modes", "[hold]", "hold"),  # this shop has no provider at all
        ("window", "3 days", "pay_window"),
        ("window", "169h", "pay_window"),
    ],
)
def test_what_cannot_be_paid_so_is_told_beside_its_word(
    terminal: Terminal, variant: str, word: str, value: str, said: str
) -> None:
    code, out = _apply(terminal, variant, **{word: value})
    assert code == BROKEN
    assert say(f"campaign.wrong.{said}", Locale.EN) in out
    line = PAID.splitlines().index(next(one for one in PAID.splitlines() if f"{{{word}}}" in one))
    assert f":{line + 1}:" in out


@pytest.mark.parametrize("channel", ["wechat", "wecom"])
def test_a_file_that_rewards_inviting_in_wechat_is_refused_and_told_why(
    terminal: Terminal, variant: str, channel: str
) -> None:
    file = _written(terminal, variant)
    file.write_text(file.read_text().replace("[rest, matrix]", f"[rest, {channel}]"))
    answer = terminal.run("campaigns", "apply", str(file))
    assert answer.code == BROKEN
    assert "campaigns.yml:16:" in answer.out
    assert "2.1.2" in answer.out
    told = {say("campaign.wrong.invite_channels_forbidden", locale) for locale in Locale}
    assert len(told) == len(Locale)

"""The rules of buying together as pages of docs: the very words that the bot answers with."""

from pathlib import Path

from ruamel.yaml import YAML

from data.kernel.locales import Locale
from tests.house.source import ROOT

_RESPONSE, _FURTHER = "utter_group_buy_rules", "utter_split_rules"
PAGES = {
    Locale.EN: ROOT / "docs" / "group-buys.md",
    Locale.ZH_HANS: ROOT / "docs" / "group-buys.zh-Hans.md",
    Locale.ZH_HANT: ROOT / "docs" / "group-buys.zh-Hant.md",
}
_NAMES = {Locale.EN: "English", Locale.ZH_HANS: "简体中文", Locale.ZH_HANT: "繁體中文"}


def rules(locale: Locale) -> str:
    """The page in this language."""
    title, *rest = _said(locale, _RESPONSE).splitlines()
    further, *more = _said(locale, _FURTHER).splitlines()
    others = [f"[{_NAMES[one]}]({page.name})" for one, page in PAGES.items() if one != locale]
    head = [f"# {title}", "", " · ".join(others), ""]
    return "\n".join([*head, *rest, "", f"## {further}", "", *more, ""])


def write() -> None:
    for locale, page in PAGES.items():
        page.write_text(rules(locale), encoding="utf-8")


def _said(locale: Locale, response: str) -> str:
    folder: Path = ROOT / "dialogs" / "language" / locale
    responses = YAML(typ="safe").load(folder / "responses_rules.yml")
    text: str = responses[response][0]["text"]
    return text


if __name__ == "__main__":
    write()

"""What a merchant's page loads: small, ours alone, and shown only where the merchant said."""

import gzip
import json
import re
from html import unescape
from pathlib import Path

import pytest

from bot.web.static import FOLDER
from bot.webchat.sites import Look
from data.kernel.locales import Locale
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import PAGE, Frame, a_frame, a_site
from tests.house.source import ROOT

LARGEST = 30 * 1024  # bytes of script and style, gzipped (issue 4)
_IMPORT = re.compile(r'from "\./([\w-]+\.js)"')
_ASSET = re.compile(r"/static/\w+/([\w-]+\.(?:js|css))")
_SAID = re.compile(r'\bsay\("([\w.]+)"')
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I)
_MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacent|eval\(|new Function|srcdoc")
_TEMPLATE = ROOT / "bot" / "webchat" / "templates" / "frame.html"


def loaded(page: str) -> set[Path]:
    """Every script and style of the frame, and of the tag."""
    names = {"widget.js", *_ASSET.findall(page)}
    while (
        more := {
            found
            for name in names
            for found in _IMPORT.findall((FOLDER / name).read_text(encoding="utf-8"))
        }
        - names
    ):
        names |= more
    return {FOLDER / name for name in names}


def words_of(page: str) -> dict[str, str]:
    found = re.search(r'data-words="([^"]*)"', page)
    assert found is not None
    words: dict[str, str] = json.loads(unescape(found[1]))
    return words


def show(frame: Frame, query: str = "", **headers: str) -> str:
    answer = frame.client.get(f"/webchat/{frame.account}/frame{query}", headers=headers)
    assert answer.status_code == 200
    return answer.text


def test_script_and_style_together_are_under_thirty_kilobytes(frame: Frame) -> None:
    files = loaded(show(frame))
    assert {"webchat.js", "webchat-wire.js", "webchat.css", "widget.js"} <= {
        file.name for file in files
    }
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < LARGEST


def test_every_asset_the_page_needs_is_asked_for_at_once(frame: Frame) -> None:
    page = show(frame)
    named = set(_ASSET.findall(page)) | {"widget.js"}
    assert {file.name for file in loaded(page)} == named


def test_t43_only_pages_of_the_list_may_show_it(demo: Demo, frame: Frame) -> None:
    answer = frame.client.get(f"/webchat/{frame.account}/frame")
    policy = answer.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {PAGE}" in policy
    assert "x-frame-options" not in answer.headers, "it would forbid what the policy allows"
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not _INLINE.search(answer.text)
    for path in ("/widget.js", f"/webchat/{frame.account}/messages", "/webchat/acc_x/frame"):
        headers = frame.client.get(path).headers
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_the_tags_script_is_for_every_page_and_knows_nobody(frame: Frame) -> None:
    answer = frame.client.get("/widget.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=600"
    assert "set-cookie" not in answer.headers
    for never in ("eval(", "innerHTML", "document.write", "setAttribute(", "cssText", "Function("):
        assert never not in answer.text


def test_nothing_of_ours_makes_markup_of_text(frame: Frame) -> None:
    """T21"""
    for file in loaded(show(frame)):
        source = file.read_text(encoding="utf-8")
        assert not _MARKUP.search(source), file.name


@pytest.mark.parametrize(
    ("query", "accept", "locale"),
    [
        ("", "zh-TW,zh;q=0.9", Locale.ZH_HANT),
        ("", "en-GB", Locale.EN),
        ("", "fr", Locale.ZH_HANS),
        ("?lang=zh-HK", "en", Locale.ZH_HANT),
        ("?lang=zh-CN", "en", Locale.ZH_HANS),
        ("?lang=%22%3E%3Cscript%3E", "en", Locale.ZH_HANS),
    ],
)
def test_the_tag_or_the_browser_chooses_the_language(
    frame: Frame, query: str, accept: str, locale: Locale
) -> None:
    page = show(frame, query, **{"Accept-Language": accept})
    assert f'<html lang="{locale}"' in page
    assert "webchat." not in re.sub(r"/static/\S+", "", page)
    said = {
        text_id
        for file in loaded(page)
        for text_id in _SAID.findall(file.read_text(encoding="utf-8"))
    }
    words = words_of(page)
    assert said - words.keys() == set()
    assert all(words.values())


def test_every_word_for_the_chat_is_said_somewhere(frame: Frame) -> None:
    page = show(frame)
    sources = " ".join(file.read_text(encoding="utf-8") for file in loaded(page))
    sources += _TEMPLATE.read_text(encoding="utf-8") + '"frame"'
    assert [one for one in words_of(page) if one.partition(".")[0] not in sources] == []


def test_the_accounts_look_holds_where_the_tag_says_nothing_sound(demo: Demo) -> None:
    account = a_site(demo, look=Look("#aa3355", "left", "Tea & <b>more</b>"))
    frame = a_frame(demo, account)
    plain = show(frame)
    assert 'data-colour="#aa3355" data-side="left"' in plain
    assert "Tea &amp; &lt;b&gt;more&lt;/b&gt;" in plain
    wished = show(frame, "?colour=%230000ff&side=right&title=Ask&theme=dark")
    assert 'data-colour="#0000ff" data-side="right"' in wished
    assert 'id="heading">Ask<' in wished
    assert 'data-theme="dark"' in wished
    assert show(frame, "?colour=red;}&side=top&theme=none&title=" + "x" * 61) == plain


def test_who_was_here_is_remembered_where_only_a_cookie_is_kept(demo: Demo, frame: Frame) -> None:
    """T12, T42: the cookie names a visitor to `begin`; it opens no call by itself."""
    path = f"/webchat/{frame.account}/begin"
    stranger = a_frame(demo, frame.account, begun=False)
    stranger.client.base_url = "https://127.0.0.1"
    nobody = stranger.client.post(path, json={"cookie": True, "known": True})
    assert nobody.json() == {"token": "", "new": False}
    assert "set-cookie" not in nobody.headers, "a look leaves no trace"
    begun = stranger.client.post(path, json={"cookie": True})
    name, *rules = begun.headers["set-cookie"].split("; ")
    assert name.startswith(f"__Host-tuanzi-chat-{frame.account}={begun.json()['token']}")
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(rules)
    again = stranger.client.post(path, json={"cookie": True, "known": True}).json()
    visitor = begun.json()["token"].partition(".")[0]
    assert again["token"].partition(".")[0] == visitor
    said = stranger.client.post(
        f"/webchat/{frame.account}/say", json={"id": "line-cookie", "text": "hello"}
    )
    assert said.status_code == 401

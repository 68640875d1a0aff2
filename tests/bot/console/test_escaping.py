"""What people write is text, never markup: product, nickname, chat title, answer, flow (T21)."""

from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import update

from bot.channels.rest import RestChat, RestMetadata
from bot.web.templates import web_link
from data.catalogue import Product
from data.orders import OrderLine
from data.people import Chat, Person
from tests.bot.browser import Browser
from tests.bot.builders import speak
from tests.bot.conftest import Street
from tests.bot.console.routes import places

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{1234*1001}}{% raw %}${1234*1001}",
    '" hx-post="/console/sign-out" hx-trigger="load',
    "<b>Ann</b>&lt;i&gt;",
    "%(name)s %s %%",
]


class Markup(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("evil", CORPUS)
def test_a_name_from_outside_is_shown_as_it_was_written(
    owner: Browser, street: Street, evil: str
) -> None:
    """T21, T22, T28: in each field, on every page, nothing of it becomes a tag or an attribute."""
    _everything_is_called(street, evil)
    for place in places(street.site, street.ours):
        if place.method != "GET":
            continue
        page = owner.client.get(place.path, params={"new": street.ours.flows}).text
        seen = Markup()
        seen.feed(page)
        assert not {"script", "svg", "b0", "i"} & set(seen.tags), place
        names = [name for name, _ in seen.attributes]
        assert not [name for name in names if name.startswith(("on", "hx-"))], place
        hrefs = [value for name, value in seen.attributes if name in ("href", "src", "action")]
        assert all(href.startswith(("/", "#", "http")) for href in hrefs), place
        assert str(1234 * 1001) not in page, place  # T28: nothing of it was computed
    chat = owner.get(f"/chats/{street.ours.conversation}").text
    assert evil in unescape(chat)


def test_a_question_of_a_customer_cannot_close_the_transcript(
    owner: Browser, street: Street
) -> None:
    """T21: what is said in a chat, too."""
    for evil in CORPUS:
        about = RestMetadata(name="Lan", locale="zh-Hans")
        speak(street.tuanzi, street.ours.merchant, evil, about=about)
    page = owner.get(f"/chats/{street.ours.conversation}").text
    seen = Markup()
    seen.feed(page)
    assert "script" not in seen.tags
    assert all(evil in unescape(page) for evil in CORPUS)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example",
        "http://[::1",
        "",
    ],
)
def test_only_web_addresses_become_links(address: str) -> None:
    """T21: a scheme list, for escaping does not help against `javascript:`."""
    assert web_link(address) == ""


def test_a_flow_file_with_markup_stays_text_in_the_editor(owner: Browser) -> None:
    """T21: in the field, and in the line that a problem quotes."""
    evil = 'flows:\n  x: "</textarea><script>alert(1)</script>"\n'
    answer = owner.post("/flows/edit", current="flows/x.yml", base="", text=evil, do="check")
    assert answer.status_code == 422
    seen = Markup()
    seen.feed(answer.text)
    assert "script" not in seen.tags
    assert evil in unescape(answer.text)


def _everything_is_called(street: Street, evil: str) -> None:
    """The same words as nickname, chat title, product, brand, link and order line."""
    texts = {"zh-Hans": evil, "en": evil}
    group = RestMetadata(name=evil[:128], chat=RestChat(id="g", kind="group", title=evil))
    speak(street.tuanzi, street.ours.merchant, "@tuanzi hello", who="ann", about=group)
    with street.tuanzi.database.transaction() as session:
        session.execute(update(Person).values(name=evil))
        session.execute(update(Chat).where(Chat.kind == "group").values(title=evil))
        session.execute(
            update(Product).values(title=texts, description=texts, brand=evil, link=evil)
        )
        session.execute(update(OrderLine).values(title=texts, attributes={"color": evil}))

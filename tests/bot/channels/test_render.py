"""What a channel is given never breaks its limits, and nothing that was to be said is lost."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.messages import Capabilities, Draft, Unit, utf16
from bot.channels.render import all_buttons, render
from bot.channels.splitting import split
from bot.channels.telegram import CAPABILITIES
from data.delivery.messages import (
    Card,
    GroupBuyCard,
    Image,
    Option,
    Options,
    PaymentLink,
    Reminder,
    Segment,
    Text,
)
from data.kernel.money import Money
from tests.peers.conformance.texts import CHARACTERS, ends_of

CAPABILITIES_OF_A_BOT = replace(CAPABILITIES, start_link="https://t.me/tuanzi?start={}")
PRICE = Money(8800, "CNY")
TOKEN = "AAECAwQFBgcICQoL"
LINK = "tuanzi:start/abc"
SMALL = Capabilities(
    max_text=40,
    max_caption=20,
    buttons=5,
    buttons_in_row=2,
    label=8,
    token_bytes=16,
    url_buttons=True,
    start_link="https://chat.example/start/{}",
)
# Text and nothing else, as on IRC: no buttons, no pictures, short lines counted in bytes.
PLAIN = Capabilities(max_text=60, unit=Unit.BYTES, markup=False, images=False)

_FAMILY = "👨\u200d👩\u200d👧\u200d👦"
_ODD = ["<b>&", _FAMILY * 9, "长" * 70, "a\n\nb" * 20, "\ud83d"]
_text = st.text(max_size=120) | st.sampled_from(_ODD)
_url = st.sampled_from([LINK, "https://shop.example/pay/x", "http://127.0.0.1:8000/pay/x", "junk"])
_number = st.none() | st.integers(1, 20)
_option = st.one_of(
    st.builds(Option, _text, st.text(max_size=20), number=_number),
    st.builds(Option, _text, url=_url),
)
_options = st.lists(_option, max_size=12).map(tuple)
_image = st.none() | st.just("https://shop.example/media/a.png")
_segment: st.SearchStrategy[Segment] = st.one_of(
    st.builds(Text, _text),
    st.builds(Image, st.just("https://shop.example/media/a.png"), _text),
    st.builds(Options, _options),
    st.builds(
        Card, st.just("p"), _text, st.just(PRICE), body=_text, image=_image, options=_options
    ),
    st.builds(PaymentLink, _url, st.just("o"), st.just(PRICE), _text),
    st.builds(Reminder, st.just("o"), st.just("2026-05-03"), _text),
    st.builds(
        GroupBuyCard,
        id=st.just("t"),
        title=_text,
        have=st.just(1),
        need=st.just(2),
        price=st.just(PRICE),
        deadline=st.just(datetime(2026, 11, 22, tzinfo=UTC)),
        state=st.just("open"),
        text=_text,
        options=_options,
    ),
)


def assert_within(draft: Draft, can: Capabilities) -> None:
    wire = draft.html if can.markup else draft.text
    assert can.unit.length(wire) <= (can.max_caption if draft.image else can.max_text)
    assert draft.image or draft.text.strip()
    assert can.images or draft.image is None
    assert set(re.findall(r"<[^>]*>", draft.html)) <= {"<b>", "</b>"}
    buttons = all_buttons(draft)
    assert len(buttons) <= can.buttons
    assert all(0 < len(row) <= can.buttons_in_row for row in draft.keyboard)
    for button in buttons:
        assert 0 < len(button.label) <= can.label
        assert button.url or 0 < len(button.token.encode()) <= can.token_bytes
        assert button.url is None or button.url.startswith("https://")


@pytest.mark.parametrize("can", [SMALL, PLAIN, CAPABILITIES], ids=["small", "plain", "telegram"])
@given(segments=st.lists(_segment, max_size=5))
@settings(max_examples=120, deadline=None)
def test_no_channel_ever_receives_what_its_capabilities_forbid(
    can: Capabilities, segments: list[Segment]
) -> None:
    for draft in render(segments, can):
        assert_within(draft, can)


@given(text=st.text(alphabet="ab <&>。\n👍🏽团", max_size=300), limit=st.integers(8, 60))
@settings(max_examples=150, deadline=None)
def test_pieces_of_a_text_lose_nothing_but_white_space(text: str, limit: int) -> None:
    pieces = split(text, limit, utf16)
    assert all(utf16(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_long_text_is_cut_at_a_paragraph() -> None:
    drafts = render([Text("first part\n\nsecond part\n\nthird part of this text")], SMALL)
    assert [draft.html for draft in drafts] == [
        "first part\n\nsecond part",
        "third part of this text",
    ]


@pytest.mark.parametrize("limit", [24, 25, 31])
def test_no_cut_goes_through_a_character(limit: int) -> None:
    for text in ("".join(CHARACTERS), *(f"a{one * 40}" for one in CHARACTERS)):
        pieces, ends = split(text, limit, utf16), ends_of(text)
        places = [sum(map(len, pieces[:count])) for count in range(1, len(pieces) + 1)]
        assert set(places) <= ends
        assert places[-1] == len(text)


def test_a_card_is_a_picture_with_its_words_below_and_its_buttons_under_them() -> None:
    pick = Option("Pick", TOKEN)
    card = Card("p", "Tea <set>", PRICE, body="¥88", image="/media/a.png", options=(pick,))
    (draft,) = render([card], CAPABILITIES)
    assert draft.image == "/media/a.png"
    assert draft.html == "<b>Tea &lt;set&gt;</b>\n¥88"
    assert [button.token for button in all_buttons(draft)] == [TOKEN]


def test_words_too_long_for_a_caption_follow_their_picture() -> None:
    card = Card("p", "Tea", PRICE, body="long " * 300, image="/media/a.png")
    picture, words = render([card], CAPABILITIES)
    assert (picture.image, picture.html) == ("/media/a.png", "")
    assert words.html.startswith("<b>Tea</b>\nlong")


def test_buttons_hang_on_what_was_said_before_them() -> None:
    texts = (Text("Shall I?"), Options((Option("Yes", TOKEN), Option("No", TOKEN + "2"))))
    (draft,) = render(texts, CAPABILITIES)
    assert [[button.label for button in row] for row in draft.keyboard] == [["Yes", "No"]]


def test_a_button_that_cannot_be_one_is_a_line_to_read() -> None:  # T06
    options = Options((Option("Fine", TOKEN), Option("Too long", "x" * 61)))
    fine, long = render([Text("Which?"), options], CAPABILITIES)[0], "Too long"
    drafts = render([Text("Which?"), options], CAPABILITIES)
    assert long in "\n".join(draft.html for draft in drafts)
    assert [button.label for draft in drafts for button in all_buttons(draft)] == ["Fine"]
    assert fine.html == "Which?"


def test_a_page_only_this_machine_knows_is_written_out_and_a_public_one_is_a_button() -> None:
    here = PaymentLink("http://127.0.0.1:8123/pay/x", "o", PRICE, "Pay")
    (said, link) = render([Text("Order 1"), here], CAPABILITIES)
    assert link.html == "Pay\nhttp://127.0.0.1:8123/pay/x"
    assert not said.keyboard
    there = PaymentLink("https://shop.example/pay/x", "o", PRICE, "Pay")
    (draft,) = render([Text("Order 1"), there], CAPABILITIES)
    assert [button.url for button in all_buttons(draft)] == ["https://shop.example/pay/x"]


def test_an_invoice_comes_last_and_only_where_it_can_be_paid_and_says_for_what() -> None:
    link = PaymentLink("https://shop.example/pay/x", "o", PRICE, "Pay", "Order 1", "Bowl ×1")
    said: list[Segment] = [Text("Order 1"), link, Options((Option("Cancel", TOKEN),))]
    words, invoice = render(said, replace(CAPABILITIES, invoices=True))
    assert [button.label for button in all_buttons(words)] == ["Pay", "Cancel"]
    assert (invoice.invoice, invoice.keyboard) == (link, ())
    nameless = replace(link, title="")  # from before there were invoices
    assert len(render([Text("Order 1"), nameless], replace(CAPABILITIES, invoices=True))) == 1
    assert [draft.invoice for draft in render(said, CAPABILITIES)] == [None]


def test_what_people_write_about_a_product_is_never_markup() -> None:  # T21
    text = "<script>x</script> & <b>bold</b> <a href='//e'>"
    (draft,) = render([Text(text)], CAPABILITIES)
    assert "<" not in draft.html
    assert unescape(draft.html) == text


def test_nine_short_buttons_stand_in_more_than_one_row() -> None:
    options = tuple(Option(str(number), f"{TOKEN}{number}") for number in range(9))
    (draft,) = render([Text("Which?"), Options(options)], CAPABILITIES)
    assert len(draft.keyboard) == 2
    assert len(all_buttons(draft)) == 9


def test_without_buttons_the_choices_are_numbered_below_their_question() -> None:
    can = replace(PLAIN, max_text=400)
    choices = Options((Option("Birthday", TOKEN, number=1), Option("None", TOKEN + "2", number=2)))
    (draft,) = render([Text("What is the occasion?"), choices], can)
    assert draft.text == "What is the occasion?\n1. Birthday\n2. None"
    assert TOKEN not in draft.text


def test_every_choice_can_still_be_read_where_there_is_nothing_but_text() -> None:
    pick, page = Option("Pick", TOKEN, number=1), Option("See it", url="https://shop.example/t")
    card = Card("p", "Tea", PRICE, body="¥88", image="/media/a.png", options=(pick, page))
    drafts = render([card], replace(PLAIN, max_text=400))
    assert [draft.text for draft in drafts] == ["Tea\n¥88\n1. Pick\nSee it\nhttps://shop.example/t"]


def test_the_way_into_the_private_chat_is_a_link_of_this_messenger() -> None:
    way = Options((Option("In private", url=LINK),))
    (draft,) = render([Text("Better alone."), way], CAPABILITIES_OF_A_BOT)
    assert [button.url for button in all_buttons(draft)] == ["https://t.me/tuanzi?start=abc"]

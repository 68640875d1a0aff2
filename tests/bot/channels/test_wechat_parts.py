"""What WeChat is shown: few messages, short enough, and nothing that breaks out of its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat_parts import Article, Words, link_in, parts_of, together
from bot.channels.wechat_xml import parse, write
from data.delivery.messages import Card, Image, Option, Options, PaymentLink, Segment, Text
from data.kernel.money import Money

PRICE = Money(8800, "CNY")
TEA = Card(
    "p1", "青瓷茶具", PRICE, "¥88.00\n适合爱茶的人", image="https://shop.example/media/tea.png"
)
MUG = Card("p2", "Mug", PRICE, "¥88.00", image="https://shop.example/media/mug.png")


def test_a_card_alone_is_an_article_with_its_picture_and_price() -> None:
    (article,) = parts_of([TEA])
    assert article == Article("青瓷茶具", "¥88.00\n适合爱茶的人", TEA.image or "")


def test_several_cards_are_one_list_in_words() -> None:
    options = Options((Option("Buy", "t1", number=1), Option("More", "t2", number=2)))
    (words,) = parts_of([Text("Look:"), TEA, MUG, options])
    assert words == Words("Look:\n\n青瓷茶具\n¥88.00\n适合爱茶的人\n\nMug\n¥88.00\n1. Buy\n2. More")


def test_where_nothing_can_follow_a_card_is_words_too() -> None:
    (words,) = parts_of([Text("Look:"), TEA], pictures=False)
    assert words == Words("Look:\n\n青瓷茶具\n¥88.00\n适合爱茶的人")


def test_a_payment_link_is_its_address() -> None:
    link = PaymentLink("https://shop.example/pay/x", "ord_1", PRICE, "去付款")
    (words,) = parts_of([Text("好的"), link])
    assert isinstance(words, Words)
    assert words.text.endswith("去付款\nhttps://shop.example/pay/x")
    assert link_in(words.text) == "https://shop.example/pay/x"


def test_a_picture_without_words_is_left_out() -> None:
    assert parts_of([Image("https://shop.example/media/x.png", "")]) == ()


def test_nobodys_name_is_a_link() -> None:  # T21
    (words,) = parts_of([Text('<a href="https://evil.example">Ann</a> joined, 1 < 2')])
    assert words == Words('＜a href="https://evil.example">Ann＜/a> joined, 1 < 2')


def test_what_fits_into_one_message_is_one() -> None:
    words = [Words("a" * 1000), Words("b" * 1000), Words("c" * 100)]
    assert together(words) == (Words(f"{'a' * 1000}\n\n{'b' * 1000}"), 2)
    assert together([Words("a"), *parts_of([TEA])]) == (Words("a"), 1)
    assert together(parts_of([TEA]))[1] == 1


_SEGMENTS = st.lists(
    st.one_of(
        st.builds(Text, st.text(max_size=3000)),
        st.builds(
            Card,
            st.just("p"),
            st.text(max_size=200),
            st.just(PRICE),
            st.text(max_size=900),
            image=st.sampled_from([None, "https://shop.example/media/x.png"]),
        ),
    ),
    max_size=4,
)


@given(segments=_SEGMENTS)
def test_no_part_is_longer_than_wechat_takes_nor_empty(segments: list[Segment]) -> None:
    for part in parts_of(segments):
        if isinstance(part, Words):
            assert part.text.strip()
            assert len(part.text.encode()) <= 2048
        else:
            assert 0 < len(part.title) <= 64


@given(text=st.text(max_size=200))
def test_words_come_out_of_the_document_as_they_went_in(text: str) -> None:  # T24
    told = parse(write({"Content": f"|{text}|", "CreateTime": 1}))
    sound = "".join(mark for mark in text if mark in "\t\n\r" or mark >= " ")
    sound = sound.replace("\ufffe", "").replace("\uffff", "").replace("\r\n", "\n")
    assert told == {"Content": f"|{sound.replace(chr(13), chr(10))}|", "CreateTime": "1"}


@pytest.mark.parametrize("name", ["]]>", "]]]]>>", "]]><Content>gift</Content><![CDATA[", "]]"])
def test_a_name_cannot_break_out_of_its_place(name: str) -> None:  # T24
    told = parse(write({"ToUserName": name, **Words(f"Hello {name}").in_reply()}))
    assert told == {"ToUserName": name, "MsgType": "text", "Content": f"Hello {name}"}


def test_an_article_has_its_place_in_the_reply() -> None:
    (article,) = parts_of([TEA])
    told = parse(write(article.in_reply()))
    assert told["ArticleCount"] == "1"
    assert told["Articles"]["item"]["Title"] == "青瓷茶具"

"""The addresses that stand beside the language files, read in one go and as pieces."""

import pytest

from data.orders import AddressParts
from dialogs.understanding.addresses import read_address
from dialogs.understanding.telephones import telephone
from tests.dialogs.understanding.shop import Row, rows


@pytest.mark.parametrize("row", [pytest.param(row, id=row.where) for row in rows("addresses")])
def test_an_address_is_read_as_its_writer_meant_it(row: Row) -> None:
    assert read_address(row.text) == AddressParts(**row.wants)


@pytest.mark.parametrize("name", ["爸爸", "给我爸", "dad", "my mum", "小兰", "阿嬤"])
def test_who_it_is_for_is_told_in_one_word_where_that_is_asked(name: str) -> None:
    found = read_address(name, wanted=("name", "phone"))
    assert found.name == name.removeprefix("给")
    assert not found.phone


def test_a_place_is_no_name_once_the_name_is_known() -> None:
    text = "4 Privet Drive, Little Whinging, Surrey, 020 7946 0018"
    found = read_address(text, wanted=("phone", "line"))
    assert found == AddressParts("", "020 7946 0018", "4 Privet Drive, Little Whinging, Surrey")


@pytest.mark.parametrize("text", ["公司", "寄到公司吧", "my office", "to work please", "放公司"])
def test_a_place_without_a_street_is_nobody_s_name(text: str) -> None:
    assert not read_address(text, wanted=("name", "phone")).name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2栋301 13712345678", "13712345678"), ("ca 90026 323-555-0199", "323-555-0199"),
        ("0912345678 106台北市", "0912345678"), ("+86 13800138000 3栋", "+86 13800138000"),
        ("+353 1 678 9101", "+353 1 678 9101"), ("+49 171 123 45 67", "+49 171 123 45 67"),
        ("call 07911 123456.", "07911 123456"), ("s1-12", None), ("1.5", None), ("1001", None),
    ],
)  # fmt: skip
def test_a_telephone_is_told_from_houses_and_postcodes(text: str, number: str | None) -> None:
    place = telephone(text)
    assert (text[slice(*place)] if place else None) == number

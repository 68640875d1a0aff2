"""Google's feed as shops really write it: two formats, four encodings, and every kind of slip."""

import codecs
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue import CatalogueRow, ReadFeed
from data.kernel.errors import Invalid, ShopError, TooMuch
from data.kernel.money import Money
from integrations.catalogues import read_google_feed
from integrations.catalogues.limits import Limits

HEADER = "id\ttitle\tprice\tavailability\tdescription"
GOOD = "a1\t青瓷茶壶\t15.00 CNY\tin_stock\tHolds 220 ml"


def tsv(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


def rss(items: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return (
        f'{head}<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
        f"<title>Shop</title><link>https://shop.example</link>{items}</channel></rss>"
    ).encode()


def item(inside: str = "", ident: str = "a1") -> str:
    return (
        f"<item><g:id>{ident}</g:id><title>Teapot</title><g:price>15.00 CNY</g:price>"
        f"<g:availability>in stock</g:availability>{inside}</item>"
    )


def only(feed: ReadFeed) -> CatalogueRow:
    assert feed.errors == ()
    (row,) = feed.rows
    return row


def complaint(raw: bytes) -> tuple[int, str, str]:
    (error,) = read_google_feed(raw).errors
    return error.row, error.field, error.code


def test_a_tsv_row_becomes_a_typed_row() -> None:
    header = (
        "ID\tg:title\tTitle_EN\ttitle_zh_hant\tprice\tsale price\tavailability\timage link"
        "\titem_group_id\tgtin\tmpn\tcolor\tcolor_en\tquantity\ttags\tcondition"
    )
    line = (
        "pot-1\t茶壶\tTeapot\t茶壺\t168.00 CNY\tCNY 148.5\tin stock\thttps://x.example/a.png"
        "\tpot\t4006381333931\tTZ-1\t青\tceladon\t7\toccasion:birthday| contains:nuts\tnew"
    )
    row = only(read_google_feed(tsv(line, header=header)))
    assert (row.number, row.external_id, row.product_key) == (2, "pot-1", "pot")
    assert row.title == {"": "茶壶", "en": "Teapot", "zh-Hant": "茶壺"}
    assert (row.price, row.sale_price) == (Money(16800, "CNY"), Money(14850, "CNY"))
    assert (row.in_stock, row.quantity, row.gtin, row.sku) == (True, 7, "4006381333931", "TZ-1")
    assert row.attributes == {"color": {"": "青", "en": "celadon"}}
    assert row.tags == (("occasion", "birthday"), ("contains", "nuts"))
    assert row.extra == {"condition": "new", "mpn": "TZ-1"}


@pytest.mark.parametrize(
    ("age_group", "own", "tags"),
    [
        ("toddler", "", "age:baby age:child min_age:1 max_age:5"),
        ("Kids", "season:all", "season:all age:child age:teen min_age:5 max_age:13"),
        ("newborn", "", "age:baby max_age:0"),
        ("infant", "", "age:baby max_age:1"),
        ("adult", "", "age:teen age:adult age:senior"),
        ("infant", "age:baby|age:child", "age:baby age:child"),
        ("kids", "max_age:8", "max_age:8"),
        ("grown-ups", "", ""),
    ],
)
def test_google_s_age_group_says_whom_a_thing_is_for_where_no_tag_does(
    age_group: str, own: str, tags: str
) -> None:
    raw = tsv(f"{GOOD}\t{age_group}\t{own}", header=f"{HEADER}\tage_group\ttags")
    row = only(read_google_feed(raw))
    assert " ".join(f"{kind}:{value}" for kind, value in row.tags) == tags
    assert row.extra["age_group"] == age_group


def test_rss_and_atom_say_the_same_as_tsv() -> None:
    shipping = "<g:shipping><g:country>CN</g:country><g:price>5 CNY</g:price></g:shipping>"
    row = only(read_google_feed(rss(item(shipping + "<description>plain</description>"))))
    assert (row.number, row.external_id, row.title) == (1, "a1", {"": "Teapot"})
    assert row.description == {"": "plain"}
    assert row.extra["shipping"] == "country:CN,price:5 CNY"
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
        b'<entry><id>urn:1</id><g:id>a1</g:id><title>T</title><link href="https://x.example/1"/>'
        b"<summary>S</summary><content>C</content><g:price>1500 JPY</g:price>"
        b"<g:availability>out of stock</g:availability>"
        b"<g:additional_image_link>u1</g:additional_image_link>"
        b"<g:additional_image_link>u2</g:additional_image_link></entry></feed>"
    )
    row = only(read_google_feed(atom))
    assert (row.external_id, row.link, row.in_stock) == ("a1", "https://x.example/1", False)
    assert row.description == {"": "S"}
    assert row.price == Money(1500, "JPY")
    assert row.extra["additional_image_link"] == "u1,u2"


@pytest.mark.parametrize(
    ("written", "money"),
    [
        ("15.00 USD", Money(1500, "USD")),
        ("USD 15", Money(1500, "USD")),
        ("1500 JPY", Money(1500, "JPY")),
        ("1500.00 JPY", Money(1500, "JPY")),
        ("1.234 KWD", Money(1234, "KWD")),
        ("0.5 CNY", Money(50, "CNY")),
    ],
)
def test_money_has_the_decimals_of_its_currency(written: str, money: Money) -> None:
    line = GOOD.replace("15.00 CNY", written)
    assert only(read_google_feed(tsv(line))).price == money


@pytest.mark.parametrize(
    "written",
    ["15", "15.005 USD", "15.5 JPY", "1,299.00 USD", "15,00 EUR", "-1 USD", "0.00 USD", "free",
     "１５ USD", "15 usd", "1e3 USD", "nan USD", "9" * 16 + " USD"],
)  # fmt: skip
def test_a_price_that_could_mean_two_things_is_refused(written: str) -> None:
    assert complaint(tsv(GOOD.replace("15.00 CNY", written))) == (2, "price", "import_bad_price")


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        (GOOD.replace("a1", "", 1), "id", "import_missing"),
        (GOOD.replace("青瓷茶壶", ""), "title", "import_missing"),
        (GOOD.replace("15.00 CNY", ""), "price", "import_missing"),
        (GOOD.replace("in_stock", ""), "availability", "import_missing"),
        (GOOD.replace("in_stock", "maybe"), "availability", "import_bad_availability"),
        (GOOD.replace("a1", "x" * 51, 1), "id", "import_too_long"),
        (GOOD.replace("青瓷茶壶", "茶" * 151), "title", "import_too_long"),
        (GOOD + "\tone more", "", "import_cell_count"),
    ],
)
def test_a_broken_row_is_named_and_the_good_ones_stay(line: str, field: str, code: str) -> None:
    feed = read_google_feed(tsv("b1" + GOOD[2:], line, "b2" + GOOD[2:]))
    assert [row.external_id for row in feed.rows] == ["b1", "b2"]
    assert [(e.row, e.field, e.code) for e in feed.errors] == [(3, field, code)]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("link", "javascript:alert(1)", "import_bad_link"),
        ("image_link", "data:image/svg+xml,<svg/>", "import_bad_link"),
        ("image_link", 'https://x.example/"onload=', "import_bad_link"),
        ("quantity", "-1", "import_bad_quantity"),
        ("quantity", "many", "import_bad_quantity"),
        ("tags", "birthday", "import_bad_tag"),
        ("tags", "contains:", "import_bad_tag"),
        ("sale_price", "cheap", "import_bad_price"),
    ],
)
def test_a_cell_that_cannot_be_true_refuses_its_row_t21(column: str, cell: str, code: str) -> None:
    raw = tsv(f"{GOOD}\t{cell}", header=f"{HEADER}\t{column}")
    assert complaint(raw) == (2, column, code)


def test_what_is_left_out_is_noted() -> None:
    header = f"{HEADER}\tgtin\tsale_price\tsale_price_effective_date"
    feed = read_google_feed(
        tsv(f"{GOOD}\t4006381333932\t9 CNY\t2026-01-01/2026-02-01", header=header)
    )
    row = only(feed)
    assert (row.gtin, row.sale_price) == ("", None)
    assert row.extra["gtin"] == "4006381333932"
    codes = {note.code for note in feed.notes}
    assert codes == {"import_bad_gtin_ignored", "import_dated_sale_ignored"}


@pytest.mark.parametrize(
    "encoded",
    [
        tsv(GOOD),
        codecs.BOM_UTF8 + tsv(GOOD),
        tsv(GOOD).decode().encode("gb18030"),
        tsv(GOOD).decode().encode("utf-16"),
        tsv(GOOD).replace(b"\n", b"\r\n"),
        rss(item()).replace(b"Teapot", "青瓷茶壶".encode()),
        rss(item(), '<?xml version="1.0" encoding="GBK"?>')
        .replace(b"Teapot", "青瓷茶壶".encode())
        .decode()
        .encode("gbk"),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "crlf", "xml", "xml-gbk"],
)
def test_every_usual_encoding_reads_the_same(encoded: bytes) -> None:
    assert only(read_google_feed(encoded)).title == {"": "青瓷茶壶"}


def test_quotes_may_hold_line_breaks_but_a_stray_one_swallows_nothing() -> None:
    feed = read_google_feed(
        tsv(
            'q1\tTeapot\t1 CNY\tin_stock\t"two\nlines\tand a ""tab"""',
            'q2\t"Big 5" bowl\t1 CNY\tin_stock\tx',
            'q3\t"never closed\t1 CNY\tin_stock\tx',
            'q4\tPlate 12"\t1 CNY\tin_stock\tx',
            'q5\t"Quoted"\t1 CNY\tin_stock\tx',
        )
    )
    assert feed.errors == ()
    told = {row.external_id: row for row in feed.rows}
    assert told["q1"].description == {"": 'two\nlines\tand a "tab"'}
    assert told["q2"].title == {"": '"Big 5" bowl'}
    assert told["q3"].title == {"": '"never closed'}
    assert told["q4"].title == {"": 'Plate 12"'}
    assert told["q5"].title == {"": "Quoted"}
    assert [row.number for row in feed.rows] == [2, 4, 5, 6, 7]


def test_where_xml_breaks_off_the_items_before_it_are_kept() -> None:
    broken = rss(item(ident="a1") + item(ident="a2") + "<item><g:id>a3</g:id><title>oops")
    feed = read_google_feed(broken)
    assert [row.external_id for row in feed.rows] == ["a1", "a2"]
    assert [(error.row, error.code) for error in feed.errors] == [(3, "import_broken_xml")]


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<rss><channel><item><title>&b;</title></item></channel></rss>"
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<rss><channel><item><title>&a;</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    "raw",
    [
        BOMB,
        EXTERNAL,
        rss("<a>" * 40),
        rss("<item>" + "<g:x/>" * 5_000 + "</item>"),
        b"PK\x03\x04 a zip",
        b"\xff\xff\xff\xff",
        b"",
        b"name,price\nx,1",
        ("id\ttitle\t" + "c\t" * 400).encode(),
    ],
)
def test_bombs_and_other_files_are_refused_as_a_whole_t24_t25(raw: bytes) -> None:
    with pytest.raises(Invalid):
        read_google_feed(raw)


def test_a_cdata_end_inside_a_text_stays_text_t24() -> None:
    raw = rss(item("<description><![CDATA[a ]]]]><![CDATA[> <script>]]></description>"))
    assert only(read_google_feed(raw)).description == {"": "a ]]> <script>"}


def test_size_and_rows_have_a_ceiling_t18() -> None:
    with pytest.raises(TooMuch):
        read_google_feed(b" " * (20 * 1024 * 1024 + 1))
    few = Limits(rows=2)
    assert len(read_google_feed(tsv(*[GOOD] * 2), limits=few).rows) == 2
    with pytest.raises(TooMuch):
        read_google_feed(tsv(*[GOOD] * 3), limits=few)
    with pytest.raises(TooMuch):
        read_google_feed(rss(item() * 3), limits=few)


def test_formulas_are_kept_as_written_for_exports_to_guard_t23() -> None:
    assert only(read_google_feed(tsv(GOOD.replace("Holds", "=HYPERLINK()")))).description == {
        "": "=HYPERLINK() 220 ml"
    }


PIECES = st.sampled_from(
    ["\t", "\n", "\r\n", '"', "id", "title", "price", "15.00 CNY", "in_stock", "<", ">", "<item>",
     "</item>", "<g:id>", "&a;", "<!DOCTYPE x>", "<?xml", "]]>", "\x00", "茶", "\ufeff", "￿", "🎁",
     "<rss xmlns:g='http://base.google.com/ns/1.0'>", "\u2028", "x" * 60]
)  # fmt: skip
FILES = st.one_of(
    st.binary(max_size=300),
    st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode()),
    st.lists(PIECES, max_size=30).map(lambda parts: tsv("".join(parts))),
    st.lists(PIECES, max_size=30).map(lambda parts: rss(item("".join(parts)))),
    st.lists(PIECES, max_size=30).map(lambda parts: ("".join(parts)).encode("utf-16")),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(raw=FILES)
def test_no_file_brings_anything_but_rows_and_named_errors(raw: bytes) -> None:
    started = time.process_time()
    try:
        feed = read_google_feed(raw)
    except ShopError as error:
        assert isinstance(error, (Invalid, TooMuch))  # noqa: PT017  # or any other error would pass
    else:
        for row in feed.rows:
            assert 0 < len(row.external_id) <= 50
            assert row.price.minor > 0
            assert "\x00" not in repr(row)
        for error in feed.errors:
            assert error.code.startswith("import_")
            assert error.row > 0
    assert time.process_time() - started < 1  # a hundredth of it, on an idle machine

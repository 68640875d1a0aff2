"""The feed is a proper Google feed, in three languages that a reader would call their own."""

import re
from decimal import Decimal

import opencc

from data.seeds.build import FEED, IMAGES
from data.seeds.feed import SHOP_URL
from tests.data.seeds.shop import gifts, rows

GOOGLE = [
    "id", "item_group_id", "title", "description", "link", "image_link", "availability", "price",
    "brand", "gtin", "mpn", "condition", "google_product_category", "product_type", "age_group",
]  # fmt: skip
SUFFIXES = ["zh_hans", "zh_hant", "en"]
# Google's own limits: id 50, title 150, description 5000 characters.
LONGEST = {"id": 50, "title": 150, "description": 5000}
# Words that would praise, quote a buyer, or promise health.
PRAISE = re.compile(
    r"best|perfect|amazing|must-have|stunning|luxur|customers? (say|love)|star rating|five-star|"
    r"最好|完美|极致|極致|顶级|頂級|爆款|好评|好評|必买|必買|网红|網紅|口碑|第一名|人气|人氣",
    re.IGNORECASE,
)
MEDICAL = re.compile(
    r"\bcures?\b|\bheal|therap|detox|immun|relieves?|treats? |anti-?age|"
    r"治疗|治療|疗效|療效|缓解|緩解|改善|养生|養生|降火|美白|抗衰|排毒|助眠|免疫|保健",
    re.IGNORECASE,
)
# Taiwan says these otherwise: 軟體, 品質, 影片, 螢幕, 公分, 公尺, 矽膠, 塑膠, 行動電源, 筆電…
MAINLAND = re.compile(
    "軟件|質量|視頻|屏幕|厘米|釐米|硅膠|塑料|充電寶|保溫杯|音箱|鼠標|瑜伽|菠蘿|套裝|酒店|不銹鋼|燃氣"
)


def test_there_are_at_least_96_products_in_140_rows_with_unique_ids() -> None:
    every = rows()
    assert len(gifts()) >= 96
    assert len(every) >= 140
    assert len({row["id"] for row in every}) == len(every)


def test_the_file_is_plain_utf8_tsv() -> None:
    raw = FEED.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8").split("\n")
    assert lines.pop() == ""
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}


def test_every_row_says_all_that_google_asks_for() -> None:
    for row in rows():
        missing = [name for name in GOOGLE if name != "item_group_id" and not row[name]]
        assert missing == [], row["id"]
        assert all(len(row[name]) <= longest for name, longest in LONGEST.items()), row["id"]
        assert row["availability"] in {"in_stock", "out_of_stock", "preorder"}
        assert row["condition"] == "new"
        assert (row["availability"] == "in_stock") == (int(row["quantity"]) > 0), row["id"]
        assert row["link"].startswith(f"{SHOP_URL}/products/")
        picture = row["image_link"].removeprefix(f"{SHOP_URL}/images/")
        assert (IMAGES / picture).is_file(), row["id"]


def test_every_price_is_exact_to_the_fen_and_between_19_and_1280() -> None:
    for row in rows():
        assert re.fullmatch(r"\d+\.\d\d CNY", row["price"]), row["id"]
        full = Decimal(row["price"].removesuffix(" CNY"))
        assert Decimal(19) <= full <= Decimal(1280), row["id"]
        if row["sale_price"]:
            assert Decimal(19) <= Decimal(row["sale_price"].removesuffix(" CNY")) < full


def test_gtins_are_our_own_in_store_numbers_with_a_true_check_digit() -> None:
    numbers = [row["gtin"] for row in rows()]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert re.fullmatch(r"2\d{12}", number)
        weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(number))
        assert weighted % 10 == 0, number


def test_variants_of_one_product_differ_only_where_a_customer_chooses() -> None:
    for gift in gifts().values():
        choices = {(row["color"], row["size"]) for row in gift.rows}
        assert len(choices) == len(gift.rows)
        assert len({row["title"] + row["description"] + row["tags"] for row in gift.rows}) == 1
        assert all(bool(row["item_group_id"]) == (len(gift.rows) > 1) for row in gift.rows)


def test_every_text_exists_in_all_three_languages_and_none_is_copied() -> None:
    for row in rows():
        for name in ("title", "description", "product_type", "color", "size", "material"):
            texts = [row[f"{name}_{suffix}"] for suffix in SUFFIXES]
            assert len({bool(text) for text in texts}) == 1, (row["id"], name)
            assert row[name] == texts[0]
        assert not re.search(r"[\u4e00-\u9fff]", row["title_en"] + row["description_en"])
        assert row["description_en"] != row["description_zh_hans"] != row["description_zh_hant"]


def test_each_chinese_text_keeps_to_its_own_script() -> None:
    to_simplified, to_traditional = opencc.OpenCC("t2s"), opencc.OpenCC("s2tw")
    for row in rows():
        hans = "".join(text for name, text in row.items() if name.endswith("_zh_hans"))
        hant = "".join(text for name, text in row.items() if name.endswith("_zh_hant"))
        assert {c for c in hans if to_simplified.convert(c) != c} == set(), row["id"]
        # A character that only the simplified script has changes on its way to Taiwan's.
        only_simplified = {
            c for c in hant if to_simplified.convert(c) == c != to_traditional.convert(c)
        }
        # Taiwan writes these as they stand, whatever the converter's taste.
        assert only_simplified <= set("台吃岩床皂粽"), row["id"]


def test_taiwan_reads_its_own_words() -> None:
    for row in rows():
        text = row["title_zh_hant"] + row["description_zh_hant"] + row["color_zh_hant"]
        assert not MAINLAND.search(text), (row["id"], MAINLAND.search(text))


def test_no_text_praises_itself_quotes_buyers_or_promises_health() -> None:
    for row in rows():
        for suffix in SUFFIXES:
            text = row[f"title_{suffix}"] + " " + row[f"description_{suffix}"]
            assert not PRAISE.search(text), (row["id"], PRAISE.search(text))
            assert not MEDICAL.search(text), (row["id"], MEDICAL.search(text))


def test_descriptions_are_written_one_by_one() -> None:
    """No two products share a sentence, in any language, but for the notices the law asks for."""
    met: dict[str, str] = {}
    for product, gift in gifts().items():
        for suffix in SUFFIXES:
            for sentence in re.split(r"[。.;；]\s*", gift.rows[0][f"description_{suffix}"]):
                notice = re.search("under 18|未成年|未滿十八|^Contains ", sentence)
                if not notice and len(sentence) > (20 if suffix == "en" else 12):
                    assert met.setdefault(sentence, product) == product, sentence

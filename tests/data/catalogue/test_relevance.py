"""What the demo shop answers to what people ask for, in three languages and on both databases.

Each line: a question as it is typed, what may stand first (any of these), what must be among the
first three, and what must not be shown at all. `-` alone: nothing is the right answer.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from data.catalogue import Filters, import_feed, search
from data.kernel.database import Database
from data.merchants import Merchant
from data.schema import create_schema
from dialogs.understanding.message import read_message
from dialogs.understanding.wanted import wanted_of
from integrations.catalogues import read_google_feed
from tests.builders import NOW, SESSION_INFO, a_merchant

FEED = Path(__file__).parents[3] / "data" / "seeds" / "giftshop.tsv"
SHOWN = 5
NOTHING = "-"
QUESTIONS = """
有没有水杯 | hand-painted-mug double-wall-glasses thermos-flask titanium-mug | hand-painted-mug | bluetooth-speaker celadon-teapot pour-over-dripper
我想买个杯子 | hand-painted-mug double-wall-glasses | hand-painted-mug double-wall-glasses | bluetooth-speaker celadon-teapot pour-over-dripper
來個馬克杯 | hand-painted-mug | hand-painted-mug titanium-mug | bluetooth-speaker thermos-flask
咖啡杯有吗 | hand-painted-mug titanium-mug | hand-painted-mug | pour-over-dripper wine-glass-pair
红色的杯子 | hand-painted-mug double-wall-glasses titanium-mug | hand-painted-mug | red-rose-bouquet wine-glass-pair
do you have any mugs? | hand-painted-mug | hand-painted-mug titanium-mug | thermos-flask
a red mug please | hand-painted-mug titanium-mug | hand-painted-mug | red-rose-bouquet jigsaw-1000 headlamp
I need some cups | hand-painted-mug double-wall-glasses | hand-painted-mug | hazelnut-pralines huangjiu-gift over-ear-headphones bamboo-tea-tray
water bottle | thermos-flask | thermos-flask | watering-can bottled-ink
保溫瓶 | thermos-flask | thermos-flask | glazed-vase
想买条围巾 | wool-scarf | wool-scarf | linen-apron muslin-swaddles
我想买围巾 | wool-scarf | wool-scarf | linen-apron
想買條圍巾 | wool-scarf | wool-scarf | linen-apron
送我一条羊毛围巾 | wool-scarf | wool-scarf | wool-socks linen-apron
looking for a scarf | wool-scarf | wool-scarf | linen-apron
帮我找副耳机 | over-ear-headphones | over-ear-headphones | pearl-earrings
有耳機嗎 | over-ear-headphones | over-ear-headphones | pearl-earrings
earphones | over-ear-headphones | over-ear-headphones | pearl-earrings
headphones please | over-ear-headphones | over-ear-headphones | headlamp
耳环 | pearl-earrings | pearl-earrings | over-ear-headphones
蓝牙音响 | bluetooth-speaker | bluetooth-speaker | desk-fan
喇叭 | bluetooth-speaker | bluetooth-speaker | harmonica-c
买把伞 | wooden-umbrella | wooden-umbrella | wooden-phone-stand
雨傘一把 | wooden-umbrella | wooden-umbrella | wooden-phone-stand
请问有没有充电宝 | power-bank | power-bank | desk-fan
portable charger | power-bank | power-bank | travel-tea-set
有书吗 | crinkle-cloth-book | crinkle-cloth-book | four-treasures-set walnut-bookends letterpress-cards
笔 | fountain-pen wolf-hair-brush sketching-set | fountain-pen | leather-notebook bottled-ink
notebook | leather-notebook | leather-notebook | mechanical-keyboard
手账本子 | ask-your-parents-journal leather-notebook | ask-your-parents-journal | mechanical-keyboard
灯 | bedside-lamp clip-book-light camping-lantern | bedside-lamp | thermos-flask
檯燈 | bedside-lamp clip-book-light | bedside-lamp | thermos-flask bike-light-set
我要买两个台灯 | bedside-lamp clip-book-light | bedside-lamp | perpetual-calendar
bag | canvas-tote daypack-20l kids-backpack | canvas-tote | drip-coffee-sampler muslin-swaddles
双肩包 | daypack-20l kids-backpack | daypack-20l kids-backpack | muslin-swaddles
flowers | carnation-bouquet red-rose-bouquet dried-flower-bunch moth-orchid | carnation-bouquet | glazed-vase embroidery-kit
来束花 | carnation-bouquet red-rose-bouquet dried-flower-bunch moth-orchid | carnation-bouquet | glazed-vase chrysanthemum-goji
tea set | travel-tea-set | travel-tea-set | baking-starter-set tea-caravan-game
一盒月饼 | custard-mooncakes five-nut-mooncakes | custard-mooncakes five-nut-mooncakes | ripe-puer-cake
坚果 | roasted-nut-tin | roasted-nut-tin | dark-chocolate-nut-free
wine | plum-wine | plum-wine | wine-glass-pair
毛巾 | quick-dry-towel | quick-dry-towel | wool-scarf muslin-swaddles wool-throw
手錶 | minimal-watch | minimal-watch | touchscreen-gloves hand-cream-trio
watch | minimal-watch | minimal-watch | window-bird-feeder
watering can | watering-can | watering-can | thermos-flask
降噪耳机 | over-ear-headphones | over-ear-headphones | bluetooth-speaker
climbing | chalk-bag hold-brush-set rope-bag | chalk-bag | wine-glass-pair
猫玩具 | cat-wand | cat-wand | dog-rope-toys jigsaw-1000
a wooden toy for a baby | wooden-blocks | wooden-blocks | dog-rope-toys
绿茶 | jasmine-green-tea | jasmine-green-tea | soy-candle hazelnut-pralines
white wine | plum-wine huangjiu-gift | plum-wine | eau-de-parfum wine-glass-pair
chocolate without nuts | dark-chocolate-nut-free | dark-chocolate-nut-free | hazelnut-pralines
有釣魚的東西嗎 | fishing-tackle-box headlamp camping-lantern titanium-mug folding-camp-chair thermos-flask | | wine-glass-pair
皮带 | running-belt | running-belt | record-player
水 | - | |
牙刷 | - | |
laptop | - | |
"""  # noqa: E501  # one question a line


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def shelves(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The shipped catalogue, read once for all questions."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shelves') / 'shop.db'}"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    database = Database(url, info=SESSION_INFO)
    if request.param == "sqlite":
        create_schema(database)
    with database.transaction() as session:
        shop = a_merchant(session)
        feed = read_google_feed(FEED.read_bytes())
        import_feed(session, merchant_id=shop.id, feed=feed, dry_run=False, now=NOW)
    yield database
    database.close()


def answers(shelves: Database, query: str) -> list[str]:
    with shelves.reading() as session:
        merchant_id = session.scalars(select(Merchant.id)).one()
        found = search(
            session,
            merchant_id=merchant_id,
            query=query,
            filters=Filters(),
            limit=SHOWN,
            fill_up=False,
        )
        return [each.product.external_id for each in found]


@pytest.mark.parametrize("line", QUESTIONS.strip().splitlines())
def test_what_is_asked_for_comes_first_and_what_only_sounds_like_it_never(
    shelves: Database, line: str
) -> None:
    question, first, among, never = (part.strip() for part in line.split("|"))
    trimmed = wanted_of(read_message(question)) or question
    for asked in dict.fromkeys([question, trimmed]):
        shown = answers(shelves, asked)
        assert (shown[0] if shown else NOTHING) in first.split(), (asked, shown)
        assert set(among.split()) <= set(shown[:3]), (asked, shown)
        assert not set(never.split()) & set(shown), (asked, shown)

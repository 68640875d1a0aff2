"""Too expensive: of the sort that is in sight, what costs less."""

from data.catalogue import Article, shelf_of, sold_out
from data.delivery.messages import Card
from data.kernel.money import Money
from dialogs.actions.base import ShopAction
from dialogs.actions.products import product_card
from dialogs.actions.seen import products_seen, talk_of
from dialogs.actions.shopping import buy_option
from dialogs.actions.turn import Turn
from dialogs.engine.commands import StartFlow

_SHOWN = 3
Priced = tuple[Money, Article]


class SearchCheaper(ShopAction):
    """The nearest below what was shown; where nothing was shown, asks what is looked for."""

    called = "action_search_cheaper"

    def act(self, turn: Turn) -> None:
        seen = set(products_seen(turn))
        goods = _on_sale(turn)
        shown = [one for one in goods if one[1].id in seen]
        if not shown:
            turn.commands.append(StartFlow("product_search"))
            return
        below = min(price for price, _ in shown)
        found = [one for one in goods if one[0] < below and _is_alike(one[1], shown)]
        if not found:
            turn.say("utter_nothing_cheaper")
            return
        talk_of(turn, None)
        nearest = sorted(found, key=lambda one: (-one[0].minor, one[1].id))[:_SHOWN]
        cards = (_card(turn, price, article) for price, article in nearest)
        turn.say("utter_ideas_cheaper", *cards)


def _on_sale(turn: Turn) -> list[Priced]:
    """Every article that can be bought, at its lowest price."""
    gone = sold_out(turn.session, merchant_id=turn.merchant.id)
    priced = []
    for article in shelf_of(turn.session, merchant_id=turn.merchant.id).articles:
        prices = [piece.price for piece in article.pieces if piece.id not in gone]
        priced += [(min(prices), article)] if prices else []
    return priced


def _is_alike(article: Article, shown: list[Priced]) -> bool:
    """On the same shelf, and for the same liking: no power bank in place of headphones."""
    return any(
        article.category == other.category and article.tags.interest & other.tags.interest
        for _, other in shown
    )


def _card(turn: Turn, price: Money, article: Article) -> Card:
    return product_card(turn, article, price=price, options=(buy_option(turn, article),))


ACTIONS = (SearchCheaper,)

"""Which of the shop's group-buy offers somebody means, and how an offer is put into words."""

import re
import unicodedata
from dataclasses import dataclass

from data.catalogue import Filters, Product, get_product, get_variant, search, text_in
from data.delivery.messages import Option
from data.group_buys import Campaign, PayMode, active_campaigns, campaign_tiers, working_mode
from dialogs.actions.turn import Turn
from dialogs.team_card import Wording, terms_lines
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import read_message
from dialogs.understanding.pieces import read_pieces
from dialogs.understanding.wanted import wanted_of

MOST_OFFERED = 8  # buttons in one message; more is a wall
OFFER = "offer-"  # how a link names an offer; offers stand on the shelf for everybody
_LINE, _MORE = "utter_campaign_line", "utter_campaign_line_more"
_FOUND = 5  # products that a search may mean
_OF_A_KIND = 50  # products among which the offered ones are looked for


@dataclass(frozen=True, slots=True)
class Meant:
    """`sure`: named outright. `maybe`: the search leads there, or several bear the name.
    `named` is False where the words speak of group-buys in general. `units`: how many pieces."""

    sure: Campaign | None = None
    maybe: tuple[Campaign, ...] = ()
    named: bool = True
    units: int = 1


def on_offer(turn: Turn) -> list[Campaign]:
    """What is offered here: some offers are for named groups alone."""
    chat_id = turn.chat.id if turn.in_group else None
    return active_campaigns(
        turn.session, merchant_id=turn.merchant.id, chat_id=chat_id, now=turn.now
    )


def product_of(turn: Turn, campaign: Campaign) -> Product:
    shop = turn.merchant.id
    variant = get_variant(turn.session, merchant_id=shop, variant_id=campaign.variant_id)
    return get_product(turn.session, merchant_id=shop, product_id=variant.product_id)


def title_of_offer(turn: Turn, campaign: Campaign) -> str:
    return text_in(campaign.title or product_of(turn, campaign).title, turn.locale)


def offer_option(turn: Turn, campaign: Campaign) -> Option:
    """A button that picks this offer."""
    label = turn.words("utter_campaign_button", **_terms(turn, campaign))
    return Option(label, f"/SetSlots(campaign={campaign.id})")


def offer_line(turn: Turn, campaign: Campaign) -> str:
    """With what more people would pay, and when money is taken where that is not at once."""
    line, wording = turn.words(_LINE, **_terms(turn, campaign)), Wording(turn.domain, turn.locale)
    if not wording.knows(_MORE):
        return line
    tiers = campaign_tiers(turn.session, campaign)
    for more in terms_lines(wording, tiers, mode_for(turn, campaign)):
        line = wording.words(_MORE, line=line, more=more)
    return line


def _terms(turn: Turn, campaign: Campaign) -> dict[str, object]:
    return {
        "title": title_of_offer(turn, campaign),
        "price": campaign.team_price,
        "size": str(campaign.team_size),
    }


def meant_by(turn: Turn, words: str) -> Meant:
    """By an offer's or a product's name in any language; failing that, by a search. A flow may
    name it by its key."""
    offers = on_offer(turn)
    chosen = next((offer for offer in offers if words in (offer.id, offer.key)), None)
    if chosen is not None:
        return Meant(chosen)
    product = wanted_of(read_message(words)) or words  # "the board game please"
    units, said = _counted(turn, offers, _folded(product))
    named = tuple(offer for offer in offers if _bears(turn, offer, said))
    if len(named) == 1:
        return Meant(named[0], units=units)
    if named:
        return Meant(maybe=named, units=units)
    found = _searched(turn, offers, product if units == 1 else said)
    return Meant(maybe=found, named=not _is_general(_folded(words)), units=units)


def _counted(turn: Turn, offers: list[Campaign], said: str) -> tuple[int, str]:
    """Pieces and the goods; a number that stands so in a title counts none."""
    titles = (title for offer in offers for title in _titles(turn, offer))
    return (1, said) if any(_within(said, title) for title in titles) else read_pieces(said)


def like_it(turn: Turn, words: str) -> list[Campaign]:
    """Offers of what somebody named, then those of its kind; each what ends soonest first."""
    meant = meant_by(turn, words)
    named = [meant.sure] if meant.sure else list(meant.maybe)
    if not meant.named:
        return named
    product = wanted_of(read_message(words)) or words
    alike = _searched(turn, on_offer(turn), product, of=_OF_A_KIND, fill_up=False)
    return [*named, *(offer for offer in alike if offer not in named)]


def _bears(turn: Turn, campaign: Campaign, said: str) -> bool:
    """ "The teapot" is enough for a celadon teapot, and so is more than its whole name."""
    names = _titles(turn, campaign)
    return any(_within(said, name) or _within(name, said) for name in names)


def _titles(turn: Turn, campaign: Campaign) -> list[str]:
    titles = [*campaign.title.values(), *product_of(turn, campaign).title.values()]
    return [_folded(title) for title in titles]


def _within(part: str, whole: str) -> bool:
    """Han script stands anywhere; a Latin word only whole, in either number."""
    if not part.isascii():
        return part in whole
    one = re.escape(part.removesuffix("s"))
    return re.search(rf"(?<![a-z0-9]){one}s?(?![a-z0-9])", whole) is not None


def _searched(
    turn: Turn, offers: list[Campaign], words: str, *, of: int = _FOUND, fill_up: bool = True
) -> tuple[Campaign, ...]:
    found = search(
        turn.session,
        merchant_id=turn.merchant.id,
        query=words,
        filters=Filters(),
        limit=of,
        fill_up=fill_up,
    )
    products = {one.product.id for one in found}
    return tuple(offer for offer in offers if product_of(turn, offer).id in products)


def _is_general(said: str) -> bool:
    """ "What group buys are there?" names no product."""
    forms = (*lexicon().of("group_buy_start"), *lexicon().of("group_buys_any"))
    return any(form in said for form in forms)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def mode_for(turn: Turn, campaign: Campaign) -> PayMode:
    """How a team of it is paid for that somebody opens now."""
    may_hold = PayMode.HOLD in campaign.modes
    longest = turn.longest_hold(turn.session, turn.merchant.id) if may_hold else None
    return working_mode(campaign, longest)

"""What somebody may show in a chat that we are not in: the teams they are in, the shop's goods.

Anybody who sees such a card may use it, so it shows what everybody may know: counts and prices.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data.catalogue import Filters, Found, get_product, get_variant, price_of, search, text_in
from data.delivery.inbound import Sender
from data.delivery.messages import Card, Option, Segment
from data.group_buys import Inviting, Team, active_campaigns, team_view
from data.group_buys.invitations import offer_invitation
from data.group_buys.places import teams_joined_by
from data.group_buys.sharing import mark_of
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import ChannelAccount, Merchant
from data.people import find_person
from dialogs.invitations import PRODUCT
from dialogs.library import FlowLibrary
from dialogs.private import START_LINK
from dialogs.team_card import Wording, card_of, standing, title_of
from dialogs.understanding.folding import folded
from dialogs.wording import in_words

TEAM = "team:"
_MOST_TEAMS, _MOST_GOODS = 5, 20  # a list on a phone; Telegram itself takes 50
_LONGEST_QUERY = 256  # what Telegram passes on at most


@dataclass(frozen=True, slots=True)
class SharedCard:
    """`name`: what it shows; `title` and `line` stand in the list that it is chosen from."""

    name: str
    title: str
    line: str
    card: Segment


@dataclass(frozen=True, slots=True)
class Sharing:
    """Somebody of one shop, looking for something to show to others."""

    session: Session
    account: ChannelAccount
    wording: Wording
    now: datetime
    person_id: str | None = None

    def cards(self, query: str) -> list[SharedCard]:
        """By words; without any, their teams and what the shop offers to teams."""
        words = query.strip()[:_LONGEST_QUERY]
        return [*self._teams(words), *self._goods(words)]

    def _teams(self, words: str) -> list[SharedCard]:
        if self.person_id is None:
            return []
        teams = teams_joined_by(
            self.session,
            merchant_id=self.account.merchant_id,
            person_id=self.person_id,
            now=self.now,
            limit=_MOST_TEAMS,
        )
        cards = [(team, self._title(team)) for team in teams]
        return [self._team(team, title) for team, title in cards if _fits(words, title)]

    def _title(self, team: Team) -> str:
        view = team_view(self.session, team)
        shop, locale = self.account.merchant_id, self.wording.locale
        return title_of(self.session, view, merchant_id=shop, locale=locale)

    def _team(self, team: Team, title: str) -> SharedCard:
        view, shop = team_view(self.session, team), self.account.merchant_id
        told = standing(self.wording, view, title=title, now=self.now)
        by = Inviting(self.person_id or "", self.account.channel)
        token = offer_invitation(
            self.session, merchant_id=shop, team_id=team.id, by=by, now=self.now
        )
        join = Option(self.wording.words("utter_team_join_button"), token)
        card = card_of(view, title=title, told=told, options=(join,))
        return SharedCard(f"{TEAM}{team.id}:{mark_of(token)}", title, told.partition("\n")[2], card)

    def _goods(self, words: str) -> list[SharedCard]:
        if words:
            return [self._product(one) for one in self._found(words)]
        campaigns = active_campaigns(
            self.session, merchant_id=self.account.merchant_id, now=self.now
        )
        shown: dict[str, SharedCard] = {}
        for campaign in campaigns[:_MOST_GOODS]:
            variant = get_variant(
                self.session,
                merchant_id=self.account.merchant_id,
                variant_id=campaign.variant_id,
            )
            card = self._card(variant.product_id, price_of(variant))
            shown.setdefault(variant.product_id, card)
        return list(shown.values())

    def _found(self, words: str) -> list[Found]:
        return search(
            self.session,
            merchant_id=self.account.merchant_id,
            query=words,
            filters=Filters(),
            limit=_MOST_GOODS,
            fill_up=False,
        )

    def _product(self, found: Found) -> SharedCard:
        return self._card(found.product.id, found.price)

    def _card(self, product_id: str, price: Money) -> SharedCard:
        shop, locale = self.account.merchant_id, self.wording.locale
        product = get_product(self.session, merchant_id=shop, product_id=product_id)
        told = in_words(price, locale, "money")
        buy = self.wording.words("utter_buy_button")
        title = text_in(product.title, locale)
        card = Card(
            product_id=product_id,
            title=title,
            price=price,
            body=told,
            options=(Option(buy, url=f"{START_LINK}{PRODUCT}{product_id}"),),
        )
        return SharedCard(f"{PRODUCT}{product_id}", title, told, card)


def shared_cards(
    session: Session,
    flows: FlowLibrary,
    *,
    account: ChannelAccount,
    sender: Sender,
    query: str,
    now: datetime,
) -> list[SharedCard]:
    """For this person, whom we may not know yet, in their language."""
    person = find_person(session, account=account, external_id=sender.external_id)
    merchant = session.get_one(Merchant, account.merchant_id)
    locale = person.locale if person else sender.locale or merchant.locale
    domain = flows.live(session, merchant_id=merchant.id).domain
    wording = Wording(domain, Locale.closest(locale))
    mine = person.id if person else None
    return Sharing(session, account, wording, now, mine).cards(query)


def _fits(words: str, title: str) -> bool:
    said, name = folded(words), folded(title)
    return not said or any(word in name for word in said.split())

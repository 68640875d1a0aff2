"""What the person who speaks takes part in, of what people do together: teams, lines for a place in
one, common orders. Their words may be about any of it."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from data.catalogue import get_product
from data.conversations.whereabouts import Whereabouts
from data.group_buys import (
    Team,
    is_running,
    lists_of,
    running_teams_in,
    team_view,
    teams_with,
    unpaid_seats,
)
from data.group_buys.models import RUNNING
from data.pools import open_pools_in, pools_with
from data.split_orders import open_splits_in, own_splits
from dialogs.actions.named_goods import sold_as
from dialogs.understanding import OwnSplits
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import whole_word

_MOST_OWN = 8  # teams of one person, the newest


def teams_here(session: Session, known: Whereabouts) -> list[Team]:
    """Of a group; alone one has no teams but one's own."""
    if known.chat is None or known.chat.kind != "group":
        return []
    return running_teams_in(session, chat_id=known.chat.id)


def has_place(session: Session, known: Whereabouts, now: datetime) -> bool:
    """Whoever is in no team here, nor in line for one, does not say "I'm out" to us."""
    person, chat = known.person, known.chat
    if person is None or chat is None:
        return False
    seats = unpaid_seats(session, merchant_id=known.merchant.id, person_id=person.id)
    here = {team.id for team in teams_here(session, known) if is_running(team, now)}
    return any(seat.team_id in here for seat in seats) or waits(session, known, now)


def holds_seat(session: Session, known: Whereabouts, now: datetime) -> bool:
    """That waits to be paid for: in a group one of its teams, alone any."""
    person, chat = known.person, known.chat
    if person is None or chat is None:
        return False
    if chat.kind == "group":
        return has_place(session, known, now)
    return bool(unpaid_seats(session, merchant_id=known.merchant.id, person_id=person.id))


def team_called(session: Session, known: Whereabouts, words: str) -> str | None:
    """The only one whose title in any language holds these words: a group's, or alone one's own."""
    teams = teams_here(session, known) or _own(session, known)
    name = re.compile(whole_word(words))  # no "tea" in a teapot
    named = [team for team in teams if any(map(name.search, _titles(session, team)))]
    return named[0].id if len(named) == 1 else None


def _own(session: Session, known: Whereabouts) -> list[Team]:
    if known.person is None or known.chat is None or known.chat.kind == "group":
        return []
    shop, person = known.merchant.id, known.person.id
    return teams_with(session, merchant_id=shop, person_id=person, states=RUNNING, limit=_MOST_OWN)


def _titles(session: Session, team: Team) -> list[str]:
    view = team_view(session, team)
    product = get_product(session, merchant_id=team.merchant_id, product_id=view.product_id)
    return [folded(one) for one in (*view.title.values(), *product.title.values())]


def waits(session: Session, known: Whereabouts, _now: datetime) -> bool:
    if known.person is None:
        return False
    here = {team.id for team in teams_here(session, known)}
    return any(entry.team_id in here for entry in lists_of(session, person_id=known.person.id))


def is_in_team(session: Session, known: Whereabouts) -> bool:
    """In one that still runs, of any chat; before a group it is nobody's business."""
    if known.person is None or known.chat is None or known.chat.kind == "group":
        return False
    shop, person = known.merchant.id, known.person.id
    return bool(teams_with(session, merchant_id=shop, person_id=person, states=RUNNING, limit=1))


def collects(session: Session, known: Whereabouts, now: datetime) -> bool:
    """Whether a present or a common order is open: in a group one of it, alone one of theirs."""
    person, chat = known.person, known.chat
    if chat is None:
        return False
    if chat.kind == "group":
        pools = open_pools_in(session, chat_id=chat.id, now=now)
        return bool(pools or open_splits_in(session, chat_id=chat.id, now=now))
    if person is None:
        return False
    mine = own_splits(session, person_id=person.id, chat_id=None, now=now)
    given = pools_with(session, merchant_id=known.merchant.id, person_id=person.id)
    return bool(mine.organised or mine.joined or given)


def for_split(session: Session, known: Whereabouts, now: datetime, names: Sequence[str]) -> bool:
    """Whether a common order is open in this group and the shop has goods called each of these."""
    chat = known.chat
    if chat is None or chat.kind != "group":
        return False
    is_open = bool(open_splits_in(session, chat_id=chat.id, now=now))
    return is_open and all(sold_as(session, known.merchant.id, name) for name in names)


def splits_of(session: Session, known: Whereabouts, now: datetime) -> OwnSplits:
    """In a group those whose card lives there; alone all of theirs."""
    if known.person is None or known.chat is None:
        return OwnSplits()
    chat_id = known.chat.id if known.chat.kind == "group" else None
    mine = own_splits(session, person_id=known.person.id, chat_id=chat_id, now=now)
    return OwnSplits(
        organises=bool(mine.organised),
        is_in=bool(mine.joined),
        has_seat=has_place(session, known, now),
    )

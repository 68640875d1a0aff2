"""One visit to a shared team: what its link leads to, who looks, and the ways into the chat."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.wechat_platform import secret_of
from bot.pages.joining import join_on_page, link_onward
from bot.pages.knocking import Known, known, language
from bot.pages.team_view import TELEGRAM, WECHAT, SharedTeam, doors_of, shared_team
from bot.settings import Secret
from data.group_buys import Team, find_shared
from data.kernel.errors import Forbidden
from data.kernel.locales import Locale
from data.kernel.tokens import fingerprint
from data.merchants import ChannelAccount
from data.people import Person
from dialogs.actions.full_teams import PLACE


@dataclass(frozen=True, slots=True)
class Visit:
    tuanzi: Tuanzi
    request: Request
    token: str


@dataclass(frozen=True, slots=True)
class Official:
    """The shop's account that may call the platform."""

    account: ChannelAccount
    secret: Secret


@dataclass(frozen=True, slots=True)
class Seen:
    """How everything stood in one look."""

    shared: SharedTeam
    locale: Locale
    timezone: str
    is_known: bool
    official: Official | None
    telegram: tuple[str, ...]


def look(visit: Visit) -> Seen:
    """NotFound for a guess, Refused for a link that was revoked. Changes nothing (T10)."""
    tuanzi, request = visit.tuanzi, visit.request
    with tuanzi.database.reading() as session:
        team = find_shared(session, token=visit.token)
        visitor = known(session, tuanzi, request, team.merchant_id)
        person = session.get(Person, visitor.visitor.person_id) if visitor else None
        mine = person.id if person else None
        flows = tuanzi.house.flows.live(session, merchant_id=team.merchant_id)
        shared = shared_team(
            session,
            team,
            person_id=mine,
            knows_line=PLACE in flows.domain.responses,
            now=tuanzi.clock.now(),
        )
        return Seen(
            shared,
            language(request, Locale(person.locale) if person else shared.team.locale),
            person.timezone if person else shared.merchant.timezone,
            visitor is not None,
            _official(session, team.merchant_id),
            _telegram(session, team.merchant_id, visit.token),
        )


def take_seat(visit: Visit) -> None:
    """For who introduced themselves; Forbidden for anybody else."""
    now = visit.tuanzi.clock.now()
    with visit.tuanzi.database.transaction() as session:
        team = find_shared(session, token=visit.token)
        person, account = _introduced(session, visit, team)
        link = fingerprint(visit.token)
        join_on_page(session, team=team, person=person, account=account, link=link, now=now)


def onward(visit: Visit) -> str:
    """A token that goes on with the visitor's own seat in the chat."""
    now = visit.tuanzi.clock.now()
    with visit.tuanzi.database.transaction() as session:
        team = find_shared(session, token=visit.token)
        person, _account = _introduced(session, visit, team)
        return link_onward(session, team=team, person=person, now=now)


def _introduced(session: Session, visit: Visit, team: Team) -> tuple[Person, ChannelAccount]:
    visitor: Known | None = known(session, visit.tuanzi, visit.request, team.merchant_id)
    if visitor is None:
        raise Forbidden("visitor")
    return session.get_one(Person, visitor.visitor.person_id), visitor.account


def _official(session: Session, merchant_id: str) -> Official | None:
    for account in doors_of(session, merchant_id, WECHAT):
        secret = secret_of(session, account)
        if secret is not None and secret.reveal():
            return Official(account, secret)
    return None


def _telegram(session: Session, merchant_id: str, token: str) -> tuple[str, ...]:
    names = [one.settings.get("username") for one in doors_of(session, merchant_id, TELEGRAM)]
    return tuple(f"https://t.me/{name}?start={token}" for name in names if name)

"""What a message means here, found before the transaction opens; good for one revision only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data.catalogue import Shelf, shelf_of, sold_out
from data.conversations import Mode, offered_to, pressed
from data.conversations.whereabouts import Whereabouts, look_around
from data.delivery.inbound import EventKind, InboundEvent
from data.delivery.masking import mask_cards
from data.group_buys import has_line, is_running
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.pools import open_pools_in
from dialogs.agreeing import agreed_to
from dialogs.calling import is_calling
from dialogs.counted import newest
from dialogs.engine import Flows, State, current_version, open_question
from dialogs.engine.commands import Command, SetSlot
from dialogs.format import FlowSet
from dialogs.house import House
from dialogs.last_words import LastWords
from dialogs.model_trust import Trust, trust_in_model
from dialogs.outlived import is_outlived, read_anew
from dialogs.standing import standing
from dialogs.taking_part import (
    collects,
    for_split,
    has_place,
    holds_seat,
    is_in_team,
    splits_of,
    team_called,
    teams_here,
    waits,
)
from dialogs.understanding import Agreed, Asked, Context, Understood, Ware
from dialogs.understanding.addresses import holds_address
from dialogs.understanding.afterwards import is_fresh
from dialogs.understanding.model import Question, Scope, is_reserved, is_worth_asking, redact
from dialogs.understanding.payload import parse_payload
from dialogs.understanding.split_words import SplitWish
from dialogs.understanding.values import Setting
from dialogs.understanding.vouchers import names_voucher

_START, _JOIN, _LEAVE = "group_buy_start", "group_buy_join", "group_buy_leave"
_WAIT, _LEAVE_LINE = "group_buy_wait", "group_buy_leave_line"
_WORDLESS = {EventKind.MEDIA: "utter_media", EventKind.LOCATION: "utter_location"}
_LINE = "utter_line_place"
_REMEMBERED = 10_000  # buttons that need not be taken apart again
_OVERHEARD = {True: frozenset({_START, _JOIN, _LEAVE}), False: frozenset({_START})}
_OF_LINES = {True: frozenset({_WAIT, _LEAVE, _LEAVE_LINE}), False: frozenset[str]()}
_OF_SPLITS = frozenset(SplitWish)  # understood where they are this person's to say
_OF_POOLS = {True: frozenset({"pool_start", "pool_give"}), False: frozenset({"pool_start"})}


@dataclass(frozen=True, slots=True)
class Hearing:
    """`commands` to carry out, or one `answer` (a response) when there is nothing to carry out.

    `silent`: it was not said to us, so it is neither answered nor kept. `private`: it answers a
    private question, holds an address or a code worth money, so its words are in no event and
    not in the inbox.
    `calling`: an action of this conversation is under way, so it waits and is heard again then.
    `known`: what it was read against; what only reads goes on from there.
    `question`: nobody here understood it, and a language model may be asked before the turn.
    `asks_trust`: it might be asked if the person agreed; they were never asked about that.
    """

    rev: int = 0
    commands: tuple[Command, ...] = ()
    understood: Understood | None = None
    answer: str | None = None
    silent: bool = False
    private: bool = False
    calling: bool = False
    known: Whereabouts | None = field(default=None, compare=False, repr=False)
    question: Question | None = field(default=None, compare=False, repr=False)
    asks_trust: bool = False

    @property
    def about(self) -> dict[str, Any]:
        """How it was understood, for the log; what is not understood word by word is a press."""
        if self.understood is None:
            return {"link": "button"}
        told = self.understood.to_json()
        del told["commands"]  # the log has them from the engine
        return told


def hear(
    session: Session, house: House, *, account: ChannelAccount, event: InboundEvent, now: datetime
) -> Hearing:
    """Read the snapshot and turn the event into commands. Writes nothing."""
    known = look(session, account, event)
    calling = is_calling(known.conversation)
    if calling and event.addressed:
        return Hearing(calling=True, known=known)
    heard = _understood(session, house, known, event, now)
    return replace(heard, known=known, calling=calling and not heard.silent)


def _understood(
    session: Session, house: House, known: Whereabouts, event: InboundEvent, now: datetime
) -> Hearing:
    rev = known.conversation.rev if known.conversation else 0
    if known.conversation is not None and known.conversation.mode == Mode.HUMAN:
        return Hearing(rev, silent=not event.addressed)
    if event.token is not None:
        return _press(session, house, known, event.token, now)
    wordless = _WORDLESS.get(event.kind)
    if wordless is not None:  # among themselves people may show what they like
        silent = not event.addressed
        return Hearing(rev, answer=None if silent else wordless, silent=silent)
    context = replace(_context(session, house, known, now), numbered=event.numbered)
    text = mask_cards(event.text)
    if not event.addressed:
        heard = _overheard(house, text, context, rev)
        said = heard.understood.intent if heard.understood is not None else None
        may_leave = {_LEAVE: has_place, _LEAVE_LINE: waits}.get(said or "")
        not_to_us = may_leave is not None and not may_leave(session, known, now)
        return Hearing(rev, silent=True) if not_to_us else heard
    understood = house.understand(text, context)
    if is_outlived(session, known.conversation, context, now=now):
        understood = read_anew(understood, context, partial(house.understand, text))
    private = _is_private(context) or holds_address(text) or names_voucher(understood.entities)
    heard = Hearing(rev, understood.commands, understood, private=private)
    if private or not house.model_receiver or not is_worth_asking(text, understood):
        return heard
    return _wondering(session, house, known, heard, context, text)


def _wondering(
    session: Session, house: House, known: Whereabouts, heard: Hearing, context: Context, text: str
) -> Hearing:
    """A language model may know, if shop and person agreed to ask it and something is left to it
    (docs/adr/0020)."""
    flows = _flows(session, house, known)
    trust = trust_in_model(session, known, flows.flows_for(flows.live), house.model_receiver)
    state = standing(session, known.conversation, flows).state
    if trust is Trust.NOT_ASKED:
        return replace(heard, asks_trust=True)
    if trust is Trust.NONE or _is_in_reserved_flow(state, flows):
        return heard
    chat = known.chat.kind if known.chat else "private"
    pinned = flows.flows_for(current_version(state, flows))
    scope = Scope(pinned, context, state.slots, chat)
    name = known.person.name if known.person else ""
    setting = Setting(context.today, context.locale, context.currency)
    question = Question(known.merchant.id, redact(text, [name], setting), scope)
    return replace(heard, question=question)


def _is_in_reserved_flow(state: State, flows: Flows) -> bool:
    """Amid a question about money or consent nobody answers but the person."""
    question = open_question(state, flows)
    if question is None:
        return False
    return is_reserved(flows.flows_for(current_version(state, flows)), question.flow)


def _is_private(context: Context) -> bool:
    asked = context.slots.get(context.asked.slot) if context.asked else None
    return asked is not None and asked.private


def _overheard(house: House, text: str, context: Context, rev: int) -> Hearing:
    """In a group we hear only a closed list of words: to start a team, to join an open one or to
    leave it again, to get in line for a full one; to end a common order or leave it.

    docs/adr/0008: they are commands in all but the slash. Nothing is guessed, nothing else read.
    """
    understood = house.understand(text, context)
    known = _OVERHEARD[context.team_open] | _OF_POOLS[context.pool_open]
    known |= _OF_LINES[context.line_open] | _OF_SPLITS
    if understood.link != "words" or understood.intent not in known:
        return Hearing(rev, silent=True)
    return Hearing(rev, understood.commands, understood)


def _press(
    session: Session, house: House, known: Whereabouts, token: str, now: datetime
) -> Hearing:
    """A button counts for the person it was shown to, here, and while it is good."""
    rev = known.conversation.rev if known.conversation else 0
    option = pressed(session, chat_id=known.chat.id, token=token) if known.chat else None
    if option is None or option.expires_at <= now:
        return Hearing(rev, answer="utter_button_expired")
    person_id = known.person.id if known.person else None
    if option.person_id not in (None, person_id):
        return Hearing(rev, answer="utter_not_your_button")
    flows = _flows(session, house, known)
    state = standing(session, known.conversation, flows).state
    if not _still_acts(option.payload, state, flows):
        return Hearing(rev, answer="utter_button_expired")
    return Hearing(rev, parse_payload(option.payload) or ())


def _still_acts(payload: str, state: State, flows: Flows) -> bool:
    """An answer to a question that nobody asks any more is none, however new its button is."""
    slots = _answered(payload)
    if not slots:
        return True
    frames = ((flows.flows_for(frame.version), frame.flow) for frame in state.stack)
    return any(slots & flow_set.owned.get(flow, frozenset()) for flow_set, flow in frames)


@lru_cache(_REMEMBERED)
def _answered(payload: str) -> frozenset[str]:
    """The slots that a button does nothing but fill; none for any other button."""
    commands = parse_payload(payload) or ()
    slots = [command.slot for command in commands if isinstance(command, SetSlot)]
    return frozenset(slots) if len(slots) == len(commands) else frozenset()


def look(session: Session, account: ChannelAccount, event: InboundEvent) -> Whereabouts:
    """What we know of this person in this chat."""
    return look_around(
        session,
        merchant_id=account.merchant_id,
        account_id=account.id,
        sender=event.sender.external_id,
        chat=event.chat.external_id,
    )


def _context(session: Session, house: House, known: Whereabouts, now: datetime) -> Context:
    merchant, person, chat = known.merchant, known.person, known.chat
    flows = _flows(session, house, known)
    live = flows.flows_for(flows.live)
    state = standing(session, known.conversation, flows).state
    pinned = flows.flows_for(current_version(state, flows))
    zone = person.timezone if person else merchant.timezone
    who = person.id if person else None  # also of somebody new: a group's card is for all
    offers = offered_to(session, chat_id=chat.id, person_id=who, now=now) if chat else []
    teams = teams_here(session, known)
    knows_lines = _LINE in live.domain.responses  # flows published before have no words for them
    return Context(
        locale=Locale(person.locale if person else merchant.locale),
        today=now.astimezone(ZoneInfo(zone)).date(),
        timezone=zone,
        asked=_asked(state, flows),
        offered=newest([one for one in offers if _still_acts(one.payload, state, flows)]),
        slots=pinned.domain.slots,
        triggers=live.started_by,
        sure_from=live.sure_from,
        active_flow=_active_flow(state),
        active_slots=_active_slots(state, pinned),
        flow_slots=live.owned,
        team_open=any(is_running(team, now) for team in teams),
        line_open=knows_lines and any(has_line(team, now) for team in teams),
        own_splits=lambda: splits_of(session, known, now),
        for_split=partial(for_split, session, known, now),
        in_team=partial(is_in_team, session, known),
        holds_seat=partial(holds_seat, session, known, now),
        team_called=partial(team_called, session, known),
        collects=partial(collects, session, known, now),
        pool_open=bool(chat and open_pools_in(session, chat_id=chat.id, now=now)),
        day_saved=is_fresh(state.slots.get("day_saved"), now=now),
        wares=_wares(session, merchant.id),
        agreed=_agreed(session, known, live, now),
        searched=_searched(state, now),
        talked_of=state.slots.get("product_talked_of"),
        currency=merchant.currency,
    )


def _searched(state: State, now: datetime) -> str | None:
    searched = state.slots.get("searched")
    return str(searched["for"]) if searched and is_fresh(searched, now=now) else None


def _agreed(session: Session, known: Whereabouts, live: FlowSet, now: datetime) -> Agreed | None:
    """Looked up when somebody says yes and nothing is asked."""
    if known.chat is None or known.person is None:
        return None
    words = LastWords(session, known.chat.id, known.person.id, now)
    return lambda: agreed_to(words.offered(live.domain), live)


def _wares(session: Session, merchant_id: str) -> Callable[[str], Ware | None]:
    """What stands on a card, as far as it can still be bought; nothing is read until somebody
    asks, and then once for all cards of a message."""

    @cache
    def here() -> tuple[Shelf, frozenset[str]]:
        gone = sold_out(session, merchant_id=merchant_id)
        return shelf_of(session, merchant_id=merchant_id), gone

    def ware(product_id: str) -> Ware | None:
        shelf, gone = here()
        article = shelf.get(product_id)
        pieces = article.pieces if article else ()
        prices = [piece.price.minor for piece in pieces if piece.id not in gone]
        return Ware(tuple(article.title.values()), min(prices)) if article and prices else None

    return ware


def _flows(session: Session, house: House, known: Whereabouts) -> Flows:
    merchant_id = known.merchant.id
    live = house.flows.get(session, merchant_id=merchant_id, sha=known.live_sha or "")
    return Flows(live.sha, lambda sha: house.flows.get(session, merchant_id=merchant_id, sha=sha))


def _asked(state: State, flows: Flows) -> Asked | None:
    question = open_question(state, flows)
    return Asked(question.slot, question.slot_type, question.values) if question else None


def _active_flow(state: State) -> str | None:
    roots = [frame.flow for frame in state.stack if frame.is_root]
    return roots[-1] if roots else None


def _active_slots(state: State, flow_set: FlowSet) -> frozenset[str]:
    flow = _active_flow(state)
    return flow_set.owned.get(flow, frozenset()) if flow else frozenset()

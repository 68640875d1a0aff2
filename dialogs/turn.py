"""One event in, one transaction, replies out: the sentence of the whole program.

`hear` (dialogs/hearing.py) has turned the event into commands. Here, inside the caller's
transaction, the engine carries them out and everything is written together, or not at all.
"""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from data.conversations import DeepLink, Mode, StaleConversation, redeem_link
from data.conversations.whereabouts import make_known
from data.delivery.inbound import EventKind, InboundEvent
from data.delivery.masking import mask_cards
from data.flows import sound_versions
from data.kernel.database import has_changes
from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember, Person, relocate, rename, rename_chat
from data.people.model_consent import ask_once
from dialogs.actions.turn import PrivateStart
from dialogs.apart import kept_in
from dialogs.engine import Failed, Heard
from dialogs.hearing import Hearing, look
from dialogs.house import Cause, House, Stage
from dialogs.invitations import accept
from dialogs.model_trust import QUESTION
from dialogs.play import MustWrite, Play
from dialogs.sessions import opening
from dialogs.unspoken import Unspoken, take_unspoken

# A link, a typed payload, a piece of a template: in no language.
_NO_PROSE = re.compile(r"[{}<>=_\\|]|://")


def enter(
    session: Session,
    *,
    account: ChannelAccount,
    event: InboundEvent,
    hearing: Hearing,
    cause: Cause,
) -> Stage:
    """The rows of this conversation; the first message makes them."""
    known = look(session, account, event)
    if known.conversation is None or _is_new_here(known.member):
        told = replace(event, sender=replace(event.sender, locale=_language(event, hearing)))
        make_known(session, known, account_id=account.id, event=told, now=cause.now)
        known = look(session, account, event)
    merchant, person = known.merchant, known.person
    chat, conversation = known.chat, known.conversation
    if person is None or chat is None or conversation is None:
        raise StaleConversation(event.chat.external_id)
    _refresh(person, chat, event, hearing)
    return Stage(merchant, account, chat, person, conversation, known.live_sha)


def _is_new_here(member: ChatMember | None) -> bool:
    """Never seen in this chat, or gone from it the last we heard."""
    return member is None or member.left_at is not None


def _refresh(person: Person, chat: Chat, event: InboundEvent, hearing: Hearing) -> None:
    """Names change, groups are renamed, people travel, switch languages; a blocked chat is back."""
    rename(person, event.sender.name)
    relocate(person, event.sender.timezone)
    rename_chat(chat, event.chat.title)
    if not chat.reachable:
        chat.reachable = True
    _settle_language(person, event, hearing)


def take_turn(
    session: Session,
    house: House,
    *,
    stage: Stage,
    event: InboundEvent,
    hearing: Hearing,
    cause: Cause,
) -> None:
    """Answer one event of one person. StaleConversation: hear again, then try again."""
    if stage.conversation.rev != hearing.rev:
        raise StaleConversation(stage.conversation.id)
    play = Play(session, house, stage, cause)
    _act_out(play, event, hearing)
    play.close()


def plan_turn(
    session: Session,
    house: House,
    *,
    account: ChannelAccount,
    event: InboundEvent,
    hearing: Hearing,
    cause: Cause,
) -> Play | None:
    """The turn as far as it goes by reading alone: all but its writing down, which comes under the
    write lock, if the conversation has not moved by then.

    None: a newcomer. MustWrite: it goes no way without writing. In both cases what was read is to
    be forgotten, and the turn taken whole.
    """
    known = hearing.known
    if known is None or known.conversation is None or _is_new_here(known.member):
        return None
    person, chat = known.person, known.chat
    assert person is not None and chat is not None  # noqa: S101, PT018  # theirs it is
    _refresh(person, chat, event, hearing)
    if has_changes(session):
        raise MustWrite("news")
    stage = Stage(known.merchant, account, chat, person, known.conversation, known.live_sha)
    play = Play(session, house, stage, cause, only_reads=True)
    _act_out(play, event, hearing)
    # Another flow begins, and that one must not trust this look.
    if play.private_starts or play.elsewhere:
        raise MustWrite("private")
    return play


def write_down(play: Play, *, cause: Cause) -> None:
    """StaleConversation: somebody else's turn came between; hear again, then try again."""
    play.only_reads, play.cause = False, cause
    play.close()


def _act_out(play: Play, event: InboundEvent, hearing: Hearing) -> None:
    notes = _notes(event, hearing)
    if event.kind is EventKind.MESSAGE:  # below a press stands our own message
        play.message_id = event.message_id
    if play.stage.conversation.mode == Mode.HUMAN:
        play.notes += notes
    elif event.start is not None:
        if play.only_reads:
            raise MustWrite("start")
        _open(play, event, event.start, notes)
    elif hearing.answer is not None:
        play.answer(hearing.answer)
        play.notes += notes
    else:
        opens = opening(play.stage, event, hearing, now=play.cause.now)
        given = opens or Heard(hearing.commands, hearing.about)
        play.run(given, notes, private=hearing.private)
        if hearing.asks_trust:
            _ask_for_trust(play)


def _ask_for_trust(play: Play) -> None:
    """Once for each receiver: the conditional update decides between two turns."""
    if play.only_reads:
        raise MustWrite("model")
    receiver = play.house.model_receiver
    if ask_once(play.session, person=play.stage.person, receiver=receiver):
        play.answer(QUESTION, model_receiver=receiver)


def _notes(event: InboundEvent, hearing: Hearing) -> list[dict[str, Any]]:
    """What was said; the words of a private answer are in no event (T14)."""
    text = "" if hearing.private else mask_cards(event.text)
    said = {
        "kind": "user_said",
        "text": text,
        "pressed": event.token is not None,
        "private": hearing.private,
    }
    return [said]


def apologise(session: Session, house: House, *, stage: Stage, cause: Cause, reason: str) -> None:
    """After a turn that broke: the state from before it, and a sentence that says so."""
    Play(session, house, stage, cause).perform(Failed(reason))


def begin(
    session: Session, house: House, *, stage: Stage, start: PrivateStart, cause: Cause
) -> None:
    """Start a flow in this conversation with some slots already filled; nobody has said a word."""
    start = _in_its_version(Play(session, house, stage, cause), start)
    take_unspoken(session, house, stage=stage, given=Unspoken(start.as_input()), cause=cause)


def _in_its_version(play: Play, start: PrivateStart) -> PrivateStart:
    """What waited keeps no version from its end: then the flow begins in the live one."""
    wanted = {start.version} if start.version else set()
    sound = sound_versions(play.session, merchant_id=play.stage.merchant.id, shas=wanted)
    version = next((FlowSha(sha) for sha in sound), None)
    return replace(start, version=version or play.live_sha)


def _open(play: Play, event: InboundEvent, token: str, notes: list[dict[str, Any]]) -> None:
    """A deep link from a group goes on here, once, for the person it was made for (T09), and never
    in front of others. An invitation is anybody's."""
    link = _redeemed(play, token) if play.stage.chat.kind == "private" else None
    said = kept_in(link) if link else []
    if said:
        play.notes += notes
        for message in said:
            play.tell(message)
    elif link is None:
        _accept(play, event, notes)
    else:
        version = FlowSha(link.version) if link.version else None
        start = PrivateStart(play.stage.person.id, link.flow, link.slots, version)
        play.run(_in_its_version(play, start).as_input("deep_link"), notes)


def _accept(play: Play, event: InboundEvent, notes: list[dict[str, Any]]) -> None:
    wanted = accept(play, event)
    if wanted is None:
        play.notes += notes
    else:
        play.run(Heard(wanted, {"link": "deep_link"}), notes)


def _redeemed(play: Play, token: str) -> DeepLink | None:
    return redeem_link(
        play.session,
        merchant_id=play.stage.merchant.id,
        person_id=play.stage.person.id,
        token=token,
        now=play.cause.now,
    )


def _language(event: InboundEvent, hearing: Hearing) -> Locale | None:
    if event.sender.locale:
        return Locale.closest(event.sender.locale)
    return hearing.understood.language if hearing.understood else None


def _settle_language(person: Person, event: InboundEvent, hearing: Hearing) -> None:
    """One message in another language changes nothing; two in a row do."""
    heard = hearing.understood.language if hearing.understood and event.text else None
    if heard is None or _NO_PROSE.search(event.text):
        return
    locale = heard if person.locale_hint == heard else person.locale
    hint = None if heard == locale else heard
    if (locale, hint) != (person.locale, person.locale_hint):  # else nothing is written
        person.locale, person.locale_hint = locale, hint

"""One run of the engine in one conversation: its effects carried out, its words collected."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from data.conversations import LinkedFlow, end_wait, make_link, record_events, save
from data.delivery.messages import Option, Options, OutboundMessage
from data.delivery.outbox import Letter, Origin
from data.kernel.database import has_changes
from data.kernel.dialects import OnlyReading
from data.kernel.errors import ShopError
from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from dialogs.actions.base import run_action
from dialogs.actions.turn import Elsewhere, PrivateStart, Turn
from dialogs.addressed import Member
from dialogs.apart import SAID, in_chat, set_apart, to_keep
from dialogs.calling import begin_later, call_action, is_calling
from dialogs.engine import (
    ActionResult,
    ChatKind,
    Effect,
    Flows,
    GoPrivate,
    Handoff,
    Heard,
    Input,
    Post,
    RunAction,
    Say,
    State,
    Unwait,
    Wait,
    run,
    to_json,
)
from dialogs.format import FlowSet, Response
from dialogs.format.placeholders import gaps_of
from dialogs.handing_over import hand_over
from dialogs.house import Cause, House, Stage, stage_of
from dialogs.last_words import LastWords
from dialogs.letters import TURN, send
from dialogs.log import notes_of
from dialogs.private import START_LINK, private_stage
from dialogs.responses import fitting, say
from dialogs.standing import pin, standing
from dialogs.waits import begin_to_wait
from dialogs.wording import Unwordable

_WAYS_TO_PAY = "ways_to_pay"  # a gap that any sentence may have
_ASKS = "action_ask_"  # the actions that put a question instead of a response


class MustWrite(Exception):
    """What was to be done without the write lock needs it."""


class TurnFailed(Exception):
    """The engine gave up: the transaction must be undone, and an apology follows in a new one."""


class GapFailed(TurnFailed):
    """A response has a gap, `{day:date}`, that was given something else."""

    def __init__(self, gap: str) -> None:
        super().__init__(f"unwordable {gap}")
        self.gap = gap


@dataclass(slots=True)
class Play:
    session: Session
    house: House
    stage: Stage
    cause: Cause
    only_reads: bool = False
    letters: list[Letter] = field(default_factory=list)
    private_starts: list[PrivateStart] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    state: State | None = None
    message_id: str | None = None  # what they said, for a reply to hang below
    notes: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""
    pinned: frozenset[FlowSha] = frozenset()  # the versions that the conversation stood in

    def perform(self, given: Input, notes: Sequence[dict[str, Any]] = ()) -> None:
        """Run the engine on one input, carry out what it wants, write everything down."""
        self.run(given, notes)
        self.close()

    def run(
        self, given: Input, notes: Sequence[dict[str, Any]] = (), *, private: bool = False
    ) -> None:
        """All but the writing down. Where this Play `only_reads` it may raise MustWrite.

        `private`: what was said is sealed in the log.
        """
        self.session.info[TURN] = (self.cause.inbox_id, self.stage.person.id)
        live = self._live()
        flows = Flows(live.sha, self._flow_set)
        stands = standing(self.session, self.stage.conversation, flows)
        before, self.pinned = stands.state, stands.pinned
        # Not as the snapshot has it: a group may have become somebody's own chat by a move.
        kind = ChatKind.GROUP if self.stage.chat.kind == "group" else ChatKind.PRIVATE
        if before.chat_kind is not kind:
            before = before._replace(chat_kind=kind)
        for effect in stands.ended:
            self._carry_out(effect)
        self.said = next((note["text"] for note in notes if note["kind"] == "user_said"), "")
        try:
            turned = run(before, given, flows, self._act, see=self._carry_out)
        except Unwordable as error:
            raise GapFailed(str(error)) from error
        if turned.failed is not None:
            raise TurnFailed(turned.failed)
        self.state = turned.state
        self.notes += notes
        self.notes += notes_of(
            self.session,
            self.stage.conversation,
            (*stands.events, *turned.events),
            self._flow_set,
            private=private,
        )

    def close(self) -> None:
        """Write snapshot, events and words; go on privately where an action asked for it."""
        self.session.info[TURN] = (self.cause.inbox_id, self.stage.person.id)
        conversation = self.stage.conversation
        snapshot = conversation.snapshot
        if self.state is not None:
            pin(self.session, conversation, self.pinned, self.state)
            snapshot = to_json(self.state)
        record_events(
            self.session,
            conversation,
            self.notes,
            inbox_id=self.cause.inbox_id,
            now=self.cause.now,
        )
        save(self.session, conversation, snapshot=snapshot, now=self.cause.now)
        starts = [(start, self._private(start)) for start in self.private_starts]
        self.letters, private = set_apart(self.stage, self.letters)
        alone = self._alone(private) if private else None
        self._send(self.stage, self._member.answered(self.letters), self.cause.key)
        if alone is not None:
            self._send(alone, in_chat(alone, private), f"{self.cause.key}:apart")
        for number, (start, stage) in enumerate(starts):
            if stage is not None:  # numbered: two may go on in the same chat
                cause = replace(self.cause, key=f"{self.cause.key}:private{number}")
                self._begin(start, stage, cause)
        for number, there in enumerate(self.elsewhere):
            self._tell(there, f"{self.cause.key}:elsewhere{number}")

    def _tell(self, there: Elsewhere, key: str) -> None:
        stage = stage_of(self.session, there.conversation_id)
        heard = Heard(there.commands, {"link": "elsewhere"})
        Play(self.session, self.house, stage, replace(self.cause, key=key)).perform(heard)

    def _begin(self, start: PrivateStart, stage: Stage, cause: Cause) -> None:
        if is_calling(stage.conversation):  # there it waits its turn, as messages do
            begin_later(self.session, stage=stage, start=start, cause=cause)
        else:
            Play(self.session, self.house, stage, cause).perform(start.as_input())

    @property
    def _member(self) -> Member:
        return Member(self.stage, self.message_id)

    def _send(self, stage: Stage, letters: list[Letter], key: str) -> None:
        origin = Origin(key, stage.conversation.id, self.cause.inbox_id)
        send(self.session, letters, account=stage.account, origin=origin, now=self.cause.now)

    def _alone(self, letters: list[Letter]) -> Stage | None:
        """Where these are said to nobody else; None: a link leads to them."""
        stage = private_stage(self.session, stage=self.stage, now=self.cause.now)
        if stage is None:
            self._offer_link(self._link(LinkedFlow(SAID, to_keep(letters)), self.stage.person.id))
        return stage

    def answer(self, response: str, **values: Any) -> None:
        """Say one thing without moving any flow; nothing where older flows have no words for it."""
        if said := self._live().domain.responses.get(response):
            self._speak(said, values)

    def _private(self, start: PrivateStart) -> Stage | None:
        """Their own chat; where we may not write first, a link that only they can use."""
        stage = private_stage(self.session, stage=self.stage, now=self.cause.now)
        if stage is None:
            onward = LinkedFlow(start.flow, start.slots, start.version)
            self._offer_link(self._link(onward, start.person_id))
        return stage

    def _link(self, onward: LinkedFlow, person_id: str) -> str:
        return make_link(
            self.session,
            merchant_id=self.stage.merchant.id,
            person_id=person_id,
            onward=onward,
            now=self.cause.now,
        )

    def _offer_link(self, token: str) -> None:
        live = self._live()
        label = live.domain.responses["utter_continue_privately_button"]
        title = label.text[Locale(self.stage.person.locale)]
        self._speak(
            live.domain.responses["utter_continue_privately"],
            {},
            Options((Option(title, url=START_LINK + token),)),
        )

    @property
    def live_sha(self) -> FlowSha:
        return self._live().sha

    def _live(self) -> FlowSet:
        merchant_id, sha = self.stage.merchant.id, self.stage.live_sha
        if sha is None:
            return self.house.flows.live(self.session, merchant_id=merchant_id)
        return self._flow_set(FlowSha(sha))

    def _flow_set(self, sha: FlowSha) -> FlowSet:
        return self.house.flows.get(self.session, merchant_id=self.stage.merchant.id, sha=sha)

    def _act(self, wanted: RunAction) -> ActionResult | None:
        """Run an action under a savepoint: a refusal undoes what it did and is told in words. One
        that is not ours is called when this turn is over."""
        if wanted.name not in self.house.actions:
            self._call(wanted)
            return None
        turn = self._turn(wanted)
        try:
            slots = self._run(wanted.name, turn)
        except ShopError as refusal:
            values = {**turn.slots, **refusal.values}
            sorry = Say(f"utter_{refusal.code}", wanted.version, values)
            return ActionResult({"refusal": refusal.code}, (sorry,))
        self.private_starts += [
            replace(start, version=start.version or wanted.version) for start in turn.private_starts
        ]
        self.elsewhere += turn.elsewhere
        return ActionResult(
            {"refusal": None, **slots},
            self._posts(wanted, turn),
            tuple(turn.commands),
        )

    def _posts(self, wanted: RunAction, turn: Turn) -> tuple[Post, ...]:
        letters = turn.letters
        if letters and wanted.name.startswith(_ASKS):
            asked = self._member.asked(letters[0].message, turn.domain)
            letters = [replace(letters[0], message=asked), *letters[1:]]
        return tuple(map(Post, letters))

    def _call(self, wanted: RunAction) -> None:
        if self.only_reads:
            raise MustWrite(wanted.name)
        flow_set = self._flow_set(wanted.version)
        call_action(
            self.session, self.stage, self.cause, wanted=wanted, flow_set=flow_set, said=self.said
        )

    def _run(self, name: str, turn: Turn) -> dict[str, Any]:
        if not self.only_reads:
            with self.session.begin_nested():
                return run_action(self.house.actions, name, turn)
        if name in self.house.writers:
            raise MustWrite(name)
        try:
            return run_action(self.house.actions, name, turn)
        except OnlyReading:
            raise self._writer(name) from None
        finally:
            if has_changes(self.session):  # also where it changed something and then refused
                raise self._writer(name)

    def _writer(self, name: str) -> MustWrite:
        self.house.writers.add(name)
        return MustWrite(name)

    def _turn(self, wanted: RunAction) -> Turn:
        stage = self.stage
        return Turn(
            session=self.session,
            now=self.cause.now,
            merchant=stage.merchant,
            account=stage.account,
            chat=stage.chat,
            person=stage.person,
            conversation=stage.conversation,
            domain=self._flow_set(wanted.version).domain,
            public_url=self.house.public_url,
            call=f"{stage.conversation.id}:{wanted.call}",
            slots={**wanted.slots, **wanted.values},
            model_receiver=self.house.model_receiver,
            longest_hold=self.house.longest_hold,
            ways_to_pay=self.house.ways_to_pay,
            rewards_inviting=self.house.rewards_inviting,
        )

    def _carry_out(self, effect: Effect) -> None:
        if self.only_reads and _needs_the_lock(effect):
            raise MustWrite(type(effect).__name__)
        match effect:
            case Say():
                self._say(effect)
            case Post():
                self.letters.append(effect.message)
            case Wait():
                begin_to_wait(self.session, self.stage.conversation, effect, now=self.cause.now)
            case Unwait(wait=wait):
                conversation_id = self.stage.conversation.id
                end_wait(self.session, conversation_id=conversation_id, wait=wait)
            case Handoff():
                hand_over(self.session, self.stage.conversation, now=self.cause.now)
            case GoPrivate(flow=flow, version=version, slots=slots):
                start = PrivateStart(self.stage.person.id, flow, dict(slots), version)
                self.private_starts.append(start)
            case _:
                self._repeat()

    def _say(self, effect: Say) -> None:
        domain = self._flow_set(effect.version).domain
        response = fitting(domain.responses[effect.response], effect.values)
        if effect.buttons:
            response = replace(response, buttons=(*response.buttons, *effect.buttons))
        message = self._worded(response, effect.values_for(Locale(self.stage.person.locale)))
        if effect.question or effect.buttons:
            message = self._member.asked(message, domain)
        self.tell(message)

    def _speak(self, response: Response, values: dict[str, Any], *more: Options) -> None:
        self.tell(self._worded(response, values, *more))

    def _worded(
        self, response: Response, values: dict[str, Any], *more: Options
    ) -> OutboundMessage:
        person = self.stage.person
        known = {"name": person.name, **self._of_the_shop(response), **values}
        return say(response, known, Locale(person.locale), more=more)

    def _of_the_shop(self, response: Response) -> dict[str, Sequence[str]]:
        """What is looked up only for a sentence that has a gap for it."""
        if _WAYS_TO_PAY not in gaps_of(*response.text.values()):
            return {}
        return {_WAYS_TO_PAY: self.house.ways_to_pay(self.session, self.stage.merchant.id)}

    def tell(self, message: OutboundMessage) -> None:
        """Say to this person, here, what is worded already."""
        self.letters.append(Letter(self.stage.chat.id, message, person_id=self.stage.person.id))

    def _repeat(self) -> None:
        chat_id, person_id = self.stage.chat.id, self.stage.person.id
        for message in LastWords(self.session, chat_id, person_id, self.cause.now).again():
            self.tell(message)


def _needs_the_lock(effect: Effect) -> bool:
    """What writes; and a live card, for the last one written is the one that is believed."""
    if isinstance(effect, Post):
        return effect.message.message.coalesce_key is not None
    return isinstance(effect, Wait | Unwait | Handoff)

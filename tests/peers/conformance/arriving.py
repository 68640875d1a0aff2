"""What comes in: each message once, in its order, nobody else's, and nothing that harms another."""

from data.delivery.models import InboxState
from tests.peers.conformance.bench import Bench, Taken
from tests.peers.conformance.cases import Able, Cases
from tests.peers.conformance.texts import MARKUP, SCRIPTS

case = Cases()


@case("goldens")
def every_recorded_message_is_the_event_beside_it(bench: Able) -> None:
    read = list(bench.goldens())
    assert len(read) >= 3
    assert {name: got for name, got, expected in read if got != expected} == {}


@case()
def a_message_that_is_brought_again_is_answered_once(bench: Bench) -> None:  # T02
    who = bench.person()
    wire = bench.said("hello", who)
    bench.bring(wire)
    bench.bring(wire)
    bench.work()
    answered, shown, stored = len(bench.answers(who)), bench.shown(who), bench.stored()
    assert shown
    bench.bring(wire)
    bench.work()
    assert (len(bench.answers(who)), bench.shown(who)) == (answered, shown)
    assert (bench.stored(), bench.heard(who)) == (stored, ["hello"])


@case()
def an_old_message_played_again_has_no_effect(bench: Bench) -> None:  # T02
    who = bench.person()
    wire = bench.said("hello", who)
    bench.bring(wire)
    bench.work()
    bench.wait(3600)
    shown, stored = bench.shown(who), bench.stored()
    assert bench.bring(wire) in (Taken.TAKEN, Taken.REFUSED)
    bench.work()
    assert (bench.shown(who), bench.stored()) == (shown, stored)


@case()
def messages_of_a_chat_are_taken_and_answered_in_their_order(bench: Bench) -> None:
    ann, bob = bench.person(), bench.person()
    words = ["hello", "help", "hello again"]
    for text in words:
        bench.say(text, ann)
        bench.say(text, bob)
    bench.work()
    bench.post(ann, "one", "two", "three")
    bench.work()
    assert (bench.heard(ann), bench.heard(bob)) == (words, words)
    shown = "\n".join(bench.shown(ann))
    assert shown.rindex("one") < shown.rindex("two") < shown.rindex("three")
    told = [row.inbox_id for row in bench.answers(ann) if row.inbox_id]
    assert told == sorted(told)
    assert len(set(told)) == len(words)


@case("forged")
def who_cannot_sign_is_refused_and_leaves_nothing(bench: Able) -> None:  # T01
    who = bench.person()
    stored = bench.stored()
    answers = [bench.bring(wire) for wire in bench.forged(who)]
    assert set(answers) == {Taken.REFUSED}
    assert bench.stored() == stored
    bench.say("hello", who)
    assert bench.heard(who) == ["hello"]


@case("stamped")
def a_stamp_of_another_time_is_refused(bench: Able) -> None:  # T02
    who = bench.person()
    sound, off = bench.stamped(who)
    stored = bench.stored()
    assert {bench.bring(wire) for wire in off} == {Taken.REFUSED}
    assert bench.stored() == stored
    assert {bench.bring(wire) for wire in sound} <= {Taken.TAKEN, Taken.LATER}


@case("junk")
def what_is_no_message_is_a_bad_request_and_leaves_nothing(bench: Able) -> None:  # T24
    stored = bench.stored()
    wires = bench.junk(bench.person())
    taken = {number: bench.bring(wire) for number, wire in enumerate(wires)}
    assert {number: one for number, one in taken.items() if one is not Taken.BAD} == {}
    assert bench.stored() == stored


@case("too_large")
def more_than_the_limit_is_not_taken_and_the_next_is_served(bench: Able) -> None:  # T24
    who = bench.person()
    stored = bench.stored()
    assert bench.bring(bench.too_large(who)) is Taken.BAD
    assert bench.stored() == stored
    bench.say("hello", who)
    assert bench.heard(who) == ["hello"]


@case("poison")
def what_cannot_be_read_harms_no_other(bench: Able) -> None:  # T04
    who = bench.person()
    before = bench.stored()
    wires = bench.poison(who)
    for wire in wires:
        assert bench.bring(wire) in (Taken.TAKEN, Taken.LATER)
    bench.say("hello", who)
    bench.work()
    assert bench.shown(who)
    *bad, good = bench.rows()[before:]
    assert [row.state for row in bad] == [InboxState.DEAD] * len(wires)
    assert all(row.reason for row in bad)
    assert good.state == InboxState.HANDLED


@case("unknown")
def a_kind_that_does_not_exist_yet_is_kept_and_harmless(bench: Able) -> None:
    who = bench.person()
    before = bench.stored()
    wire = bench.unknown(who)
    assert bench.bring(wire) is Taken.TAKEN
    bench.work()
    assert [row.state for row in bench.rows()[before:]] == [InboxState.HANDLED]
    assert bench.shown(who) == []


@case()
def markup_that_comes_in_is_text(bench: Bench) -> None:  # T21, T24
    _is_heard_whole(bench, MARKUP)


@case()
def every_script_and_thousands_of_characters_come_in_whole(bench: Bench) -> None:
    _is_heard_whole(bench, SCRIPTS)


def _is_heard_whole(bench: Bench, texts: list[str]) -> None:
    said = {bench.person(): text for text in texts}
    for who, text in said.items():
        bench.say(text, who)
    bench.work()
    assert [who for who, text in said.items() if bench.heard(who) != [text]] == []
    assert [who for who in said if not bench.shown(who)] == []
    assert bench.waiting() == 0

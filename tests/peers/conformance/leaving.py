"""What goes out: whole, as it was written, when the other side bears it, and to nobody who shut us
out; and what is chosen from it."""

from tests.peers.conformance.bench import Bench, Taken
from tests.peers.conformance.cases import Able, Cases
from tests.peers.conformance.texts import CHARACTERS, MARKUP, ends_of

case = Cases()


@case()
def what_is_said_with_markup_in_it_is_read_as_it_was_written(bench: Bench) -> None:  # T21
    who = _met(bench)
    before = len(bench.shown(who))
    bench.post(who, *MARKUP)
    bench.work()
    assert bench.shown(who)[before:] == [bench.as_shown(text) for text in MARKUP]


@case()
def a_long_text_is_cut_between_characters_and_nothing_is_lost(bench: Bench) -> None:
    who = bench.person()
    bench.say("hello", who)
    bench.work()
    before = len(bench.shown(who))
    text = "".join(CHARACTERS) * 90  # more than 4096 in every unit
    bench.post(who, text)
    bench.work()
    pieces = bench.shown(who)[before:]
    assert "".join(pieces) == bench.as_shown(text)
    assert all(size <= bench.longest for size in bench.sizes(who))
    ends = ends_of(text)
    place = 0
    for piece in pieces:
        place += len(piece)
        assert place in ends, (piece[-4:], text[place : place + 4])


@case("throttle")
def told_to_wait_we_wait_and_lose_nothing(bench: Able) -> None:
    who = _met(bench)
    seconds = bench.throttle(who)
    bench.post(who, "one", "two")
    before = len(bench.shown(who))
    bench.work()
    bench.wait(seconds - 1)
    assert bench.shown(who)[before:] == []
    bench.wait(1)
    assert bench.shown(who)[before:] == ["one", "two"]
    assert [row.attempts for row in bench.answers(who)[-2:]] == [1, 1]  # waiting is no try


@case("throttle_one")
def a_chat_that_must_wait_delays_no_other(bench: Able) -> None:
    ann, bob = _met(bench), _met(bench)
    bench.throttle_one(ann)
    bench.post(ann, "later")
    bench.post(bob, "now")
    bench.work()
    assert bench.shown(bob)[-1] == "now"
    assert bench.shown(ann)[-1] != "later"


@case("close")
def who_shut_us_out_is_written_to_no_more_until_they_write(bench: Able) -> None:
    who = _met(bench)
    shown = bench.shown(who)
    bench.close(who)
    bench.post(who, "one", "two")
    bench.work()
    assert [row.state for row in bench.answers(who)[-2:]] == ["failed", "skipped"]
    assert (bench.is_open(who), bench.shown(who)) == (False, shown)
    bench.say("hello again", who)
    bench.work()
    assert bench.is_open(who)
    bench.post(who, "three")
    bench.work()
    assert bench.shown(who)[-1] == "three"


@case("move")
def a_group_that_moved_goes_on_in_its_new_place(bench: Able) -> None:
    before = bench.group()
    bench.post(before, "one", kind="group")
    after = bench.move(before)
    bench.work()
    bench.wait(bench.patience)
    assert bench.shown(before) == []
    assert bench.shown(after) == ["one"]


@case("go_away")
def what_was_to_be_said_while_nobody_was_there_is_said_once(bench: Able) -> None:
    who = _met(bench)
    before = len(bench.shown(who))
    bench.go_away()
    bench.post(who, "still there")
    bench.work()
    assert bench.shown(who)[before:] == []
    bench.come_back()
    bench.wait(bench.patience)
    bench.wait(bench.patience)
    assert bench.shown(who)[before:] == ["still there"]


@case("refuse")
def what_will_never_be_taken_makes_way_for_the_next(bench: Able) -> None:
    who = _met(bench)
    before = len(bench.shown(who))
    bench.refuse(who)
    bench.post(who, "never", "next")
    bench.work()
    assert bench.shown(who)[before:] == ["next"]
    assert [row.state for row in bench.answers(who)[-2:]] == ["failed", "sent"]


# — choices —


@case("press")
def a_choice_pressed_and_its_number_typed_are_the_same_turn(bench: Able) -> None:
    said = []
    for how in ("press", "number"):
        who = bench.person()
        bench.say("gift for my mum, under 300", who)
        bench.work()
        before = len(bench.answers(who))
        choice = next(one for one in bench.options(who) if one.get("number") == 1)
        if how == "press":
            token = choice["payload"]
            assert bench.bring(bench.press(token, who)) is Taken.TAKEN
        else:
            bench.say("1", who)
        bench.work()
        said.append(bench.responses(who)[before:])
    assert said[0] == said[1] != []


@case("press")
def nobody_presses_anothers_choice_nor_one_that_never_was(bench: Able) -> None:  # T05, T06
    ann, bob = bench.person(), bench.person()
    bench.say("gift for my mum, under 300", ann)
    bench.work()
    told = bench.responses(ann)
    token = next(one for one in bench.options(ann) if one.get("number") == 1)["payload"]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (token, other):
        bench.bring(bench.press(wrong, bob))
    bench.work()
    assert set(bench.responses(bob)) == {"utter_button_expired"}
    assert bench.responses(ann) == told


def _met(bench: Bench) -> str:
    """Somebody who has spoken with us."""
    who = bench.person()
    bench.say("hello", who)
    bench.work()
    assert bench.shown(who)
    return who

"""What was recorded is what a story goes by: no classifier is asked, and a gap is told."""

from pathlib import Path

import pytest

from bot.play.actor import StoryFailed, play
from bot.play.heard import Recording, Replaying, read_heard, write_heard
from bot.play.reading import stories_in
from bot.play.repository import Repository
from bot.play.story import Story, StoryError
from dialogs.understanding import Offered
from tests.bot.flow_files import FLOWS, written
from tests.bot.flow_stories import GREEN
from tests.bot.play.shop import own_kit
from tests.dialogs.understanding.shop import a_context

ENTRY = 'heard:\n- {"text": "x", "context": {}, "link": "a", "language": "en"}\n'
TEA = Offered("Tea", "/SetSlots(gift_choice=prd_tea)", 1)
LISTS = [(TEA,), (TEA, Offered("Cup", "/SetSlots(gift_choice=prd_cup)", 2))]
SAID = GREEN + "  - {user: 'I need a gift'}\n  - {user: '2', utter: utter_noted}\n"


def _story(text: str = SAID) -> Story:
    (story,) = stories_in("gift.yml", text)
    return story


@pytest.fixture(scope="module")
def recorded() -> str:
    recording = Recording()
    play(_story(), kit=own_kit(), listener=recording)
    return write_heard(recording.entries)


def test_a_recording_is_replayed_in_a_shop_with_other_ids(recorded: str) -> None:
    play(_story(), kit=own_kit(), listener=Replaying(read_heard("gift.heard.yml", recorded)))


def test_an_answer_to_a_list_is_kept_by_its_place_and_label(recorded: str) -> None:
    assert '"offered": "2. A friend"' in recorded
    assert recorded.count("\n- ") == len({*recorded.splitlines()}) - 1


def test_what_was_recorded_is_obeyed_though_the_classifier_knows_better(recorded: str) -> None:
    other = recorded.replace('"StartFlow", "flow": "gift_finder"', '"CannotHandle", "reason": "x"')
    with pytest.raises(StoryFailed, match=r"gift\.yml:5 expected utter: utter_ask_recipient"):
        play(_story(), kit=own_kit(), listener=Replaying(read_heard("gift.heard.yml", other)))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("I need a gift", "I needed a gift", "heard: I need a gift"),
        ('"today": "2026-11-22"', '"today": "2026-11-21"', "heard: I need a gift"),
        ('"flow": "gift_finder"}]', '"flow": "gift_seeker"}]', "heard: I need a gift"),
        ('"offered": "2. A friend"', '"offered": "3. A friend"', "heard: 2 "),
    ],
)
def test_a_missing_or_stale_entry_is_told_at_the_line_of_the_story(
    recorded: str, old: str, new: str, told: str
) -> None:
    """With what was recorded for the same words, so that one sees what has changed."""
    entries = read_heard("gift.heard.yml", recorded.replace(old, new))
    with pytest.raises(StoryFailed) as failed:
        play(_story(), kit=own_kit(), listener=Replaying(entries))
    assert f"expected {told}" in str(failed.value)
    assert str(failed.value).startswith("gift.yml:")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('heard:\n- {"text": "x"}\n', "missing"),
        (ENTRY.replace("}\n", ', "inten": "y"}\n'), "unknown_key"),
        (ENTRY.replace("}\n", ', "commands": [{"command": "Rm"}]}\n'), "command"),
        ("heard: 1\n", "kind"),
    ],
)  # fmt: skip
def test_a_recording_that_is_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(StoryError) as refused:
        read_heard("gift.heard.yml", text)
    assert code in [problem.code for problem in refused.value.problems]


def test_a_repository_records_beside_the_story_and_goes_by_it(tmp_path: Path) -> None:
    flows = written(tmp_path / "shop", FLOWS)
    story = tmp_path / "gift.yml"
    story.write_text(GREEN, encoding="utf-8")
    recorder = Repository(flows=flows, records=True)
    recorder.play(story, *recorder.stories(story))
    recorder.write()
    heard = tmp_path / "gift.heard.yml"
    assert "I need a gift" in heard.read_text(encoding="utf-8")
    heard.write_text("heard: []\n", encoding="utf-8")
    with pytest.raises(StoryFailed, match="heard: I need a gift"):
        Repository(flows=flows).play(story, *recorder.stories(story))


def test_the_same_words_about_another_list_are_an_entry_of_their_own() -> None:
    recording = Recording()
    contexts = [
        a_context(asked="gift_choice", flow="gift_finder", offered=shown) for shown in LISTS
    ]
    heard = [recording("the last one", context) for context in contexts]
    replaying = Replaying(recording.entries)
    assert [replaying("the last one", context) for context in contexts] == heard
    assert heard[0] != heard[1]

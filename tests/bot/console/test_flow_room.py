"""Flows as a merchant works on them: YAML, mistakes with lines, a draft, a try, live, back (J4)."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from bot.channels.rest import RestMetadata
from data.conversations import Conversation
from data.delivery.models import OutboxRow
from data.flows import FlowChannel, FlowWay
from data.merchants import ChannelAccount
from tests.bot.browser import Browser
from tests.bot.builders import speak
from tests.bot.conftest import Street
from tests.bot.flow_files import BROKEN, DOMAIN, GIFT, WARMER

LAN = RestMetadata(name="Lan", locale="zh-Hans")
GIFT_FILE, DOMAIN_FILE = "flows/gift.yml", "flows/domain.yml"


def _work(owner: Browser, street: Street, **fields: str):  # type: ignore[no-untyped-def]
    """The editor's form."""
    form = {"base": street.ours.flows, "current": GIFT_FILE, "text": GIFT, **fields}
    return owner.post("/flows/edit", **form)


def test_the_editor_opens_the_live_files(owner: Browser) -> None:
    page = owner.get(f"/flows/edit?file={GIFT_FILE}").text
    assert GIFT in unescape(page)
    assert DOMAIN_FILE in page


def test_a_mistake_is_shown_with_its_line_and_a_hint(owner: Browser, street: Street) -> None:
    answer = _work(owner, street, text=BROKEN, do="check")
    page = unescape(answer.text)
    column = BROKEN.splitlines()[12].index("receiver") + 1
    assert answer.status_code == 422
    assert f"{GIFT_FILE}:13:{column}" in page
    assert "13 │" in page
    assert "recipient" in page
    assert BROKEN in page  # what was typed is still there


def test_a_draft_with_mistakes_is_not_saved(owner: Browser, street: Street) -> None:
    assert _work(owner, street, text=BROKEN, do="save").status_code == 422
    assert "No draft that differs" in owner.get("/flows").text


def test_changes_in_two_files_travel_together_without_being_saved(
    owner: Browser, street: Street
) -> None:
    """One file is open at a time; the other's changes are carried in the form."""
    opened = _work(owner, street, text=BROKEN, do=f"open:{DOMAIN_FILE}")
    assert f'name="changed:{GIFT_FILE}"' in opened.text
    renamed = DOMAIN.replace("recipient:", "receiver:")
    fields = {"current": DOMAIN_FILE, "text": renamed, f"changed:{GIFT_FILE}": BROKEN}
    checked = _work(owner, street, **fields, do="check")
    assert "unknown_slot" not in checked.text
    fine = renamed.replace("utter_ask_recipient", "utter_ask_receiver")
    saved = _work(owner, street, **{**fields, "text": fine}, do="save")
    assert saved.headers["location"] == "/console/flows?done=draft_saved"


def test_line_ends_of_a_browser_make_no_other_version(owner: Browser, street: Street) -> None:
    _work(owner, street, text=GIFT.replace("\n", "\r\n"), do="save")
    assert "No draft that differs" in owner.get("/flows").text


def test_a_comment_is_no_other_version_and_is_kept(owner: Browser, street: Street) -> None:
    _work(owner, street, text="# for the new ones\n" + GIFT, do="save")
    assert "No draft that differs" in owner.get("/flows").text
    assert "# for the new ones" in owner.get(f"/flows/edit?file={GIFT_FILE}").text


@pytest.mark.parametrize("name", ["../x.yml", "/etc/x.yml", "x.py", "a/../../b.yml", ""])
def test_a_new_file_has_a_harmless_name(owner: Browser, street: Street, name: str) -> None:
    answer = _work(owner, street, do="new", new_name=name)
    assert answer.status_code == 422
    assert GIFT in unescape(answer.text)


def test_somebody_elses_draft_is_not_overwritten_unseen(owner: Browser, street: Street) -> None:
    _work(owner, street, current=DOMAIN_FILE, text=WARMER[DOMAIN_FILE], do="save")
    late = _work(owner, street, text=GIFT + "# mine\n", do="save")
    assert late.status_code == 409
    assert "# mine" in late.text


def test_a_draft_is_tried_and_nothing_of_it_stays(owner: Browser, street: Street) -> None:
    """The test chat runs the draft on real rows, and takes all of them back."""
    sha = _save_warmer(owner, street)
    before = _rows(street)
    first = owner.post("/flows/test", sha=sha, text="我想挑个礼物", locale="zh-Hans")
    assert "送给谁呢？" in first.text
    assert "gift_finder ▸ who" in first.text
    assert 'value="press:1"' in first.text
    form = {"csrf": owner.token, "sha": sha, "line": "我想挑个礼物", "press": "press:1"}
    second = owner.client.post("/console/flows/test", data={**form, "locale": "zh-Hans"})
    assert "好的，记下啦！" in second.text
    assert "妈妈" in second.text
    assert _rows(street) == before


def test_the_live_version_can_be_tried_beside_the_draft(owner: Browser, street: Street) -> None:
    _save_warmer(owner, street)
    form = {"sha": street.ours.flows, "locale": "en", "csrf": owner.token}
    said = {"line": ["I need a gift", "for my mum"]}
    answer = owner.client.post("/console/flows/test", data={**form, **said})
    assert "Noted." in answer.text


def test_publishing_leaves_a_running_conversation_on_its_version(
    owner: Browser, street: Street
) -> None:
    """J4: who has begun ends on the old flow, who begins takes the new one, and back again."""
    owner.post(f"/chats/{street.ours.conversation}/hand-back")
    _say(street, "我想挑个礼物", "lan")
    sha = _save_warmer(owner, street)
    compared = unescape(owner.get(f"/flows/compare?old={street.ours.flows}&new={sha}").text)
    assert "-    - text: {zh-Hans: 记下了。" in compared
    assert "+    - text: {zh-Hans: 好的，记下啦！" in compared
    assert owner.post("/flows/publish", sha=sha).status_code == 303
    assert _say(street, "我妈", "lan")[0] == "记下了。"
    _say(street, "我想挑个礼物", "wei")
    assert _say(street, "我妈", "wei")[0] == "好的，记下啦！"
    assert owner.post("/flows/roll-back").status_code == 303
    _say(street, "我想挑个礼物", "jun")
    assert _say(street, "我妈", "jun")[0] == "记下了。"
    page = owner.get("/flows").text
    assert page.count(sha[:12]) >= 2
    assert "Owner" in page


def test_any_version_of_the_history_may_be_published_again(owner: Browser, street: Street) -> None:
    sha = _save_warmer(owner, street)
    owner.post("/flows/publish", sha=sha)
    owner.post("/flows/roll-back")
    page = owner.get("/flows").text
    assert "taken back" in page
    assert "Publish again" in page
    assert f'name="sha" value="{sha}"' in page
    assert owner.post("/flows/publish", sha=sha).status_code == 303
    page = owner.get("/flows").text
    assert f'name="sha" value="{sha}"' not in page, "what is live needs no publishing"


def test_there_is_nothing_to_roll_back_to_before_the_first_publish(owner: Browser) -> None:
    assert owner.post("/flows/roll-back").status_code == 409


def test_a_version_nobody_kept_is_neither_published_nor_tried(owner: Browser) -> None:
    assert owner.post("/flows/publish", sha="0" * 64).status_code == 404
    assert owner.get(f"/flows/test?sha={'0' * 64}").status_code == 404


def _save_warmer(owner: Browser, street: Street) -> str:
    return _save(owner, street, WARMER[DOMAIN_FILE])


def _save(owner: Browser, street: Street, text: str) -> str:
    """The draft's sha."""
    saved = _work(owner, street, current=DOMAIN_FILE, text=text, do="save")
    assert saved.status_code == 303
    page = owner.get("/flows").text
    return page.split('name="sha" value="')[1].split('"')[0]


def _say(street: Street, text: str, who: str) -> list[str]:
    """What the bot answered."""
    with street.tuanzi.database.reading() as session:
        last = session.scalar(select(func.max(OutboxRow.id))) or 0
    speak(street.tuanzi, street.ours.merchant, text, who=who, about=LAN)
    with street.tuanzi.database.reading() as session:
        rows = session.scalars(
            select(OutboxRow).where(OutboxRow.id > last).order_by(OutboxRow.id)
        ).all()
        return [part["text"] for row in rows for part in row.segments if part["type"] == "text"]


def _rows(street: Street) -> list[int | None]:
    with street.tuanzi.database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Conversation, OutboxRow, ChannelAccount)
        ]


def test_running_conversations_are_taken_along_where_the_map_says(
    owner: Browser, street: Street
) -> None:
    saved = _work(owner, street, current=DOMAIN_FILE, text=WARMER[DOMAIN_FILE], do="save")
    assert saved.status_code == 303
    with street.tuanzi.database.reading() as session:
        draft = session.scalars(
            select(FlowChannel.draft_sha).where(FlowChannel.merchant_id == street.ours.merchant)
        ).one()
    wrong = f"{street.ours.flows}:\r\n  gift_finder:\r\n    who: nowhere\r\n"
    refused = owner.post("/flows/publish", sha=str(draft), migrate=wrong)
    assert refused.status_code == 422
    assert "3:10" in refused.text
    assert "nowhere" in refused.text
    right = wrong.replace("nowhere", "who")
    assert owner.post("/flows/publish", sha=str(draft), migrate=right).status_code == 303
    with street.tuanzi.database.reading() as session:
        (way,) = session.scalars(select(FlowWay)).all()
    assert (way.to_sha, way.flows) == (draft, {"gift_finder": {"who": "who"}})


def test_what_is_written_beside_the_one_button_is_published_with_it(
    owner: Browser, street: Street
) -> None:
    """Two buttons stood there once, and one of them passed the map over. As it comes, the map is a
    remark that names the version whole, and nobody is taken along."""
    _work(owner, street, current=DOMAIN_FILE, text=WARMER[DOMAIN_FILE], do="save")
    room = owner.get("/flows").text
    assert room.count('action="/console/flows/publish"') == 1
    sha = re.search(r'name="sha" value="(\w{64})"', room)
    remark = re.search(r"<textarea[^>]*>(.*?)</textarea>", room, re.DOTALL)
    assert sha
    assert remark
    assert f"# {street.ours.flows}:" in remark[1]
    assert owner.post("/flows/publish", sha=sha[1], migrate=remark[1]).status_code == 303
    with street.tuanzi.database.reading() as session:
        assert session.scalars(select(FlowWay)).all() == []


DATED = DOMAIN.replace("{zh-Hans: 记下了。", '{zh-Hans: "{recipient:date} 记下了。"').replace(
    "zh-Hant: 記下了。, en: Noted.", 'zh-Hant: "{recipient:date} 記下了。", en: "{recipient:date}."'
)


def test_a_gap_that_cannot_be_worded_is_named_in_the_test_chat(
    owner: Browser, street: Street
) -> None:
    """The slot holds a relation, which is no date: the turn breaks, and the page says at what."""
    sha = _save(owner, street, DATED)
    said = owner.post("/flows/test", sha=sha, locale="en", line="a gift", text="for my mother")
    page = unescape(said.text)
    assert said.status_code == 200
    assert "The gap {recipient:date}" in page
    # What broke was taken back, and the chat goes on.
    more = owner.post("/flows/test", sha=sha, locale="en", line="for my mother", text="hello")
    assert more.status_code == 200

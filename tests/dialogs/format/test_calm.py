"""What plain CALM does not know is listed, each at its place; and nothing else is."""

import pytest

from dialogs.format import FlowProblems, beyond_calm, shipped_sources

FLOWS = r"""
flows:
  tea:
    description: choose a tea
    if: context.chat = "group"
    x-note: ours
    steps:
      - collect: tea
        force_slot_filling: true
        rejections:
          - {if: "slots.tea matches /^x/", utter: utter_no}
        x-if-skipped: green
        next:
          - if: "{green, black} contains slots.tea"
            then:
              - action: action_hand_over
                x-reads: [tea]
                next: END
          - else: paid
      - id: paid
        x-wait: {event: payment_paid, key: tea, timeout: P1D, on_timeout: END}
      - link: pattern_human_handoff
slots:
  tea:
    type: text
    x-private: true
    mappings:
      - {type: from_entity, entity: tea, value: green, x-append: true}
responses:
  utter_no:
    - text: {zh-Hans: "{tea:colour}", zh-Hant: 不, en: "No"}
      x-private: true
      buttons:
        - {title: {zh-Hans: 人, zh-Hant: 人, en: Person}, payload: /human}
""".lstrip()

PLAIN = """
flows:
  tea:
    description: choose a tea
    if: slots.asked
    metadata: {x-position: 3}
    translation: {en: {name: tea}}
    steps:
      - collect: tea
        force_slot_filling: false
        rejections:
          - {if: "slots.tea matches '^x' or {'a' 'b'} contains slots.tea", utter: utter_no}
      - set_slots: [{asked: true}]
      - link: other
  x-ray:
    description: an id of somebody's own choice
    steps:
      - action: action_clarify_flows
slots:
  asked: {type: any, initial_value: {x-any: 1}}
  tea: {type: text, mappings: [{type: from_intent, intent: tea, value: green}]}
"""


def listed(text: str, file: str = "flows/tea.yml") -> list[tuple[int, int, str, str]]:
    found = beyond_calm({file: text})
    assert {one.at.file for one in found} <= {file}
    return [(one.at.line, one.at.column, one.kind, one.name) for one in found]


def test_all_that_is_ours_is_listed_at_its_place_and_in_its_order() -> None:
    assert listed(FLOWS) == [
        (4, 9, "context", "context.chat"),
        (5, 5, "key", "x-note"),
        (8, 9, "forced", "force_slot_filling"),
        (10, 18, "slashes", "/^x/"),
        (11, 9, "key", "x-if-skipped"),
        (13, 17, "comma", ","),
        (15, 25, "action", "action_hand_over"),
        (16, 17, "key", "x-reads"),
        (20, 9, "key", "x-wait"),
        (21, 15, "handoff", "pattern_human_handoff"),
        (25, 5, "key", "x-private"),
        (27, 42, "entity_value", "value"),
        (27, 56, "key", "x-append"),
        (30, 7, "languages", "text"),
        (30, 23, "wording", "{tea:colour}"),
        (31, 7, "key", "x-private"),
        (33, 12, "languages", "title"),
        (33, 66, "payload", "/human"),
    ]


def test_what_calm_knows_is_not_listed() -> None:
    assert listed(PLAIN) == []


@pytest.mark.parametrize("head", ["", "responses:\n"])
def test_a_language_file_is_ours_as_a_whole_and_in_its_parts(head: str) -> None:
    indent = "  " if head else ""
    text = head + "".join(
        indent + line + "\n"
        for line in ("utter_sum:", '  - text: "{total:money}"', "    x-private: true")
    )
    found = listed(text, "language/en/responses.yml")
    assert [(kind, name) for _, _, kind, name in found] == [
        ("language_file", ""), ("wording", "{total:money}"), ("key", "x-private"),
    ]  # fmt: skip


def test_each_x_key_that_ships_is_listed_once() -> None:
    sources = shipped_sources()
    written = sum(
        line.strip().startswith("x-") or ("{type" in line and ", x-" in line)
        for name, text in sources.items()
        if name.startswith("flows/")
        for line in text.splitlines()
    )
    found = [one for one in beyond_calm(sources) if one.kind == "key"]
    assert len([one for one in found if one.at.file.startswith("flows/")]) == written > 30


def test_a_file_that_is_no_flow_file_is_not_walked() -> None:
    with pytest.raises(FlowProblems) as found:
        beyond_calm({"flows/tea.yml": FLOWS.replace("steps:", "stepps:")})
    assert "unknown_key" in {problem.code for problem in found.value.problems}


def test_a_condition_that_cannot_be_read_is_left_to_the_linter() -> None:
    assert listed(PLAIN.replace("if: slots.asked", 'if: "slots.asked = ;"')) == []

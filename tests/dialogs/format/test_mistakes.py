"""Mistakes as a shopkeeper makes them in good files: each found where it was made, and told in
three languages with the very thing that was written. A ▸ marks where the finger should point."""

import re
from dataclasses import dataclass
from functools import cache

import pytest

from data.kernel.locales import Locale
from dialogs.format import FlowProblems, Problem, load_flow_set
from dialogs.format.own_names import REFUSED_PATTERNS
from dialogs.format.shape import REFUSED_KEYS
from tests.dialogs.format.small_shop import FILES, changed, problems_of

_HAN = re.compile(r"[\u4e00-\u9fff]")
_QUOTED = re.compile(r"`[^`]*`+")
_ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")
_UNFILLED = re.compile(r"\{(name|near|wanted|other|inside|offset|flow|slot)\}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Instead of `old` somebody wrote `new`; `named` must be in what they are told.
    `at` is where the finger points, if it is not in `new`."""

    code: str
    old: str
    new: str
    named: str
    file: str = "flows.yml"
    warning: bool = False
    at: str = ""
    encoding: str = "utf-8"


DOMAIN = "domain.yml"
ENGLISH = "language/en/responses.yml"
TALK = "  talk:\n    description: Asks what"
MISTAKES = {
    # names
    "an unknown slot": Mistake(
        "unknown_slot", "collect: recipient", "collect: ▸recepient", "recipient"),
    "an unknown slot in a condition": Mistake(
        "unknown_slot", "- if: slots.budget < 10", "- if: ▸slots.buget < 10", "buget"),
    "an unknown slot to set": Mistake("unknown_slot", "- price: 20", "- ▸prise: 20", "prise"),
    "a sentence that nobody wrote": Mistake(
        "unknown_response", "utter: utter_too_low", "utter: ▸utter_to_low", "utter_too_low"),
    "a question that nobody wrote": Mistake(
        "unknown_response", "collect: trouble", "collect: ▸phone", "utter_ask_phone"),
    "a slip in one of three languages": Mistake(
        "missing_language", "utter_ask_trouble:\n  - text", "utter_ask_truble:\n  ▸- text",
        "utter_ask_truble", file=ENGLISH),
    "an action that is not declared": Mistake(
        "unknown_action", "action: action_order", "action: ▸action_odrer", "action_order"),
    "an action that nobody wrote": Mistake(
        "action_not_there", "[action_order]", "[action_order, ▸action_pay_by_moon]",
        "action_pay_by_moon", file=DOMAIN),
    "an unknown flow": Mistake("unknown_flow", "call: colours", "call: ▸colors", "colours"),
    "an agent instead of a flow": Mistake(
        "unknown_flow", "call: colours", "call: ▸stock_agent", "stock_agent"),
    "an unknown intent": Mistake(
        "unknown_intent", "- intent: gift_find", "- intent: ▸gift_fnd", "gift_find"),
    "an unknown event": Mistake(
        "unknown_event", "event: payment_paid", "event: ▸payment_payed", "payment_paid"),
    "an unknown step": Mistake("unknown_step", "then: wrap", "then: ▸warp", "wrap"),
    "END in small letters": Mistake(
        "end_in_capitals", "utter_thanks\n        next: END", "utter_thanks\n        next: ▸end",
        "end"),
    "END with one capital": Mistake(
        "end_in_capitals", "utter_wait\n        next: END", "utter_wait\n        next: ▸End",
        "End"),
    # steps and ways
    "two steps with one id": Mistake("duplicate_id", "id: thanks", "id: ▸paid", "paid"),
    "a reserved id": Mistake("reserved_id", "id: say", "id: ▸START", "START"),
    "a step nobody comes to": Mistake(
        "unreachable_step", "next: thanks", "next: late", "thanks", at="- ▸id: thanks"),
    "no else": Mistake(
        "missing_else", "        next:\n          - if: slots.budget > 500 and slots.colour = "
        '"red"\n            then: wrap\n          - else: order\n',
        '        next:\n          ▸- if: slots.budget > 500\n            then: wrap\n', "much"),
    "else in front": Mistake(
        "else_not_last", "          - else: order\n",
        "          - ▸else: order\n          - if: slots.sure\n            then: order\n", "much"),
    "a branch that ends nowhere": Mistake(
        "missing_next", "then: wrap",
        "then:\n              - ▸id: nice\n                action: utter_late", "nice"),
    "a loop that says one thing for ever": Mistake(
        "endless_circle", "action: utter_wait\n        next: END",
        "action: utter_wait\n        next:\n          - if: slots.sure\n            then: person\n"
        "          - else: END", "person", at="- ▸id: person"),
    "a loop that never ends": Mistake(
        "never_ends", "action: utter_wait\n        next: END",
        "action: utter_wait\n        next: ask", "ask", at="- ▸id: ask"),
    "a link with steps below": Mistake(
        "link_not_last", "action: action_order", "link: ▸talk", "talk"),
    "a link with next": Mistake(
        "link_with_next", "link: talk", "link: talk\n        ▸next: END", "talk"),
    "a link to itself": Mistake(
        "link_circle", "action: utter_late\n      - id: help\n        link: talk\n" + TALK,
        "action: utter_late\n      - id: help\n        link: talk\n"
        "  round:\n    description: goes round\n    steps:\n"
        "      - link: ▸round\n" + TALK, "round"),
    "links in a circle": Mistake(
        "link_circle", TALK,
        "  here:\n    description: goes there\n    steps:\n      - link: ▸there\n"
        "  there:\n    description: goes here\n    steps:\n      - link: here\n" + TALK,
        "here → there → here"),
    "a wait before anything could be paid": Mistake(
        "wait_without_key", "then: wrap\n          - else: order",
        "then: wrap\n          - else: paid", "payment", at="key: ▸payment"),
    "a wait for no time": Mistake(
        "wait_without_time", "timeout: PT30M", "timeout: ▸PT0S", "paid"),
    "a wait without an end": Mistake(
        "missing_key", "          on_timeout: late\n", "", "on_timeout", at="▸event: payment_paid"),
    "a wait for nothing in particular": Mistake(
        "missing_key", "          key: payment\n", "", "key", at="▸event: payment_paid"),
    "a wait that fills a slot with what nobody tells": Mistake(
        "unknown_field", "          key: payment\n",
        "          key: payment\n          set_slots: {trouble: ▸nummer}\n", "number"),
    "a wait that fills a number with a text": Mistake(
        "wrong_field", "          key: payment\n",
        "          key: payment\n          set_slots: {price: ▸total}\n", "total"),
    "a wait for an event or the time": Mistake(
        "timeout_among", "event: payment_paid", "event: ▸[payment_paid, timeout]", "on_timeout"),
    "a timer with a key": Mistake(
        "wait_needs_no", "event: payment_paid\n          key: payment\n          timeout: PT30M\n"
        "          on_timeout: late\n",
        "event: timeout\n          key: ▸payment\n          timeout: PT30M\n", "key"),
    "a wait for what nobody tells yet": Mistake(
        "event_not_sent", "event: payment_paid", "event: ▸gift_accepted", "gift_accepted",
        warning=True),
    "a time in words": Mistake(
        "bad_duration", "timeout: PT30M", "timeout: ▸half an hour", "PT30M"),
    "a time in months": Mistake(
        "bad_duration", "timeout: PT30M", "timeout: ▸P1M", "P1M"),
    "a time as people write it": Mistake(
        "duration_near", "timeout: PT30M", "timeout: ▸30m", "PT30M"),
    "a time in Chinese": Mistake(
        "duration_near", "timeout: PT30M", "timeout: ▸2 小时", "PT2H"),
    "a time without its unit": Mistake(
        "duration_unit", "timeout: PT30M", "timeout: ▸30", "PT30M"),
    "a name of two words": Mistake(
        "bad_name", "collect: recipient", "collect: ▸the recipient", "the_recipient"),
    "a name in Chinese": Mistake("bad_name", "- id: shades", "- id: ▸颜色", "颜色"),
    "a sentence to say": Mistake(
        "sentence_for_name", "action: utter_wait", "action: ▸Please wait a moment",
        "action: utter_please_wait"),
    "a Chinese sentence to say": Mistake(
        "sentence_for_name", "action: utter_wait", "action: ▸请稍等", "请稍等"),
    "a question in place of its name": Mistake(
        "sentence_for_name", "utter: utter_too_low", "utter: ▸That is too low.",
        "utter: utter_please_wait"),
    "a response without utter_": Mistake(
        "utter_name", "utter: utter_too_low", "utter: ▸too_low", "utter_too_low"),
    "elif between branches": Mistake(
        "branch_word", "          - else: order\n",
        "          - ▸elif: slots.sure\n            then: late\n          - else: order\n", "elif"),
    "else in the branch of if": Mistake(
        "branch_twice", "          - if: slots.budget > 500 and slots.colour = \"red\"\n"
        "            then: wrap\n          - else: order\n",
        "          - ▸if: slots.sure\n            then: wrap\n            else: order\n", "else"),
    # conditions
    "in": Mistake("predicate_in", "slots.budget < 10", "slots.budget ▸in (1,2)", "contains"),
    "&& for and": Mistake(
        "predicate_sign", "slots.budget < 10", "slots.budget < 10 ▸&& slots.sure", "`and`"),
    "=> for >=": Mistake("predicate_sign", "slots.budget < 10", "slots.budget ▸=> 10", "`>=`"),
    "a price in a condition": Mistake(
        "predicate_unit", "slots.budget < 10", "slots.budget < ▸500元", "500元"),
    "a thousand with a comma": Mistake(
        "predicate_thousands", "slots.budget < 10", "slots.budget < ▸1,000", "1000"),
    "a number in words": Mistake(
        "predicate_unquoted", "slots.budget < 10", "slots.budget < ▸五百", "五百"),
    "a condition without its end": Mistake(
        "predicate_unfinished", "slots.budget < 10", "slots.budget <▸", "slots.budget"),
    "a mistake behind quotes within quotes": Mistake(
        "unknown_slot", 'slots.budget > 500 and slots.colour = "red"',
        '"slots.colour = \\"red\\" and ▸slots.buget > 3"', "buget"),
    "a mistake behind a doubled quote": Mistake(
        "unknown_slot", 'slots.budget > 500 and slots.colour = "red"',
        "'slots.colour = ''red'' and ▸slots.buget > 3'", "buget"),
    "a mistake in the third line of a condition": Mistake(
        "predicate_unknown_name", 'slots.budget > 500 and slots.colour = "red"',
        ">-\n              slots.budget > 500\n                and slots.sure\n"
        "              and ▸budget > 3", "budget"),
    "a question without an id": Mistake(
        "wants_id", "- id: which\n        collect: colour", "- ▸collect: colour", "colour",
        warning=True),
    "a wait without an id": Mistake(
        "wants_id", "- id: paid\n        x-wait", "- ▸x-wait", "payment_paid", warning=True),
    "a pattern for everyday use": Mistake(
        "pattern_used", "link: talk", "link: ▸pattern_restart", "pattern_restart"),
    # values
    "a price as text": Mistake(
        "number_as_text", "- price: 20", '- price: ▸"20"', "20"),
    "a price with its currency": Mistake(
        "number_as_text", "initial_value: 20", "initial_value: ▸199元", "199", file=DOMAIN),
    "a budget compared with text": Mistake(
        "number_as_text", "if: slots.budget < 10", "if: ▸slots.budget < '10'", "budget",
        warning=True),
    "a word that the slot does not take": Mistake(
        "wrong_value", "- price: 20", "- colour: ▸green", "red, blue"),
    "a colour that there is not": Mistake(
        "never_true", 'if: slots.budget > 500 and slots.colour = "red"',
        'if: slots.budget > 500 and ▸slots.colour = "green"', "green", warning=True),
    "a number compared with a word": Mistake(
        "never_equal", "if: slots.budget < 10", "if: ▸slots.budget = slots.recipient",
        "recipient", warning=True),
    "words instead of true": Mistake(
        "wrong_type", "        collect: trouble",
        "        collect: trouble\n        ask_before_filling: ▸yes", "yes"),
    "a type that there is not": Mistake(
        "not_a_choice", "trouble: {type: text}", "trouble: {type: ▸string}", "string",
        file=DOMAIN),
    "kept and forgotten": Mistake(
        "kept_and_reset", "collect: recipient",
        "collect: recipient\n        reset_after_flow_ends: ▸true", "recipient"),
    "a slip in a key": Mistake(
        "unknown_key", "        rejections:", "        ▸rejection:", "rejections"),
    "nothing below steps": Mistake(
        "empty", "    steps:\n      - id: which\n        collect: colour\n      - id: say\n"
        "        action: utter_colour\n", "    ▸steps:\n", "steps"),
    "two things in one step": Mistake(
        "two_kinds", "- id: say\n        action",
        "- ▸id: say\n        collect: sure\n        action",
        "collect, action"),
    "a flow without a description": Mistake(
        "missing_key", "    description: Says which colours there are\n    steps",
        "    ▸steps", "description"),
    "a template": Mistake(
        "template", "initial_value: 20", 'initial_value: ▸"{{ price }}"', "{{ price }}",
        file=DOMAIN),
    "a private thing said aloud": Mistake(
        "private_gap", 'utter_late:\n  - text: "Fine {colour}"',
        'utter_late:\n  - text: ▸"Call {phone}"', "phone", file=ENGLISH),
    # what is no UTF-8
    "saved by a Chinese Windows": Mistake(
        "not_utf8", "{name: 挑礼物}, zh-H", "{name: ▸挑礼物}, zh-H", "UTF-8", encoding="gb18030"),
    "saved in Taiwan": Mistake(
        "not_utf8", "{name: 挑礼物}, zh-Hant: {name: 挑禮物}",
        "{name: gift}, zh-Hant: {name: ▸挑禮物}", "UTF-8", encoding="big5"),
    "saved as Unicode": Mistake(
        "not_utf8", "flows:\n  gift:", "▸flows:\n  gift:", "UTF-8", encoding="utf-16"),
    "saved as Unicode without a mark": Mistake(
        "not_utf8", "intents: [", "▸intents: [", "UTF-8", file=DOMAIN, encoding="utf-16-le"),
    "a curly quote of an old Windows": Mistake(
        "not_utf8", 'utter_wait:\n  - text: "Fine {colour}"',
        'utter_wait:\n  - text: "It▸’s fine {colour}"', "UTF-8", file=ENGLISH, encoding="cp1252"),
    # what YAML refuses
    "the tab key": Mistake(
        "yaml_tab", "        collect: trouble", "▸\tcollect: trouble", "collect: trouble"),
    "one space too few": Mistake(
        "yaml_indent", "        collect: trouble", "       ▸collect: trouble", "collect: trouble"),
    "spaces too many": Mistake(
        "yaml_indent", "        collect: trouble", "          ▸collect: trouble",
        "collect: trouble"),
    "an entry beside its list": Mistake(
        "yaml_indent", "      - id: shades", "     ▸- id: shades", "- id: shades"),
    "wide spaces": Mistake(
        "yaml_space", "        collect: trouble", "▸　　collect: trouble", "collect: trouble"),
    "no colon": Mistake("yaml_colon", "    translation: {", "    translation▸ {", "translation"),
    "no colon in a step": Mistake(
        "yaml_colon", "- id: ask\n        collect", "- id▸ ask\n        collect", "id"),
    "no space after the colon": Mistake(
        "yaml_colon_space", "- id: ask\n        collect: t", "- id:▸ask\n        collect: t", "id"),
    "a colon within a text": Mistake(
        "yaml_colon_inside", "description: Asks what is wrong",
        "description: Asks▸: what is wrong", "description"),
    "a full-width colon": Mistake(
        "wide_sign", "    persisted_slots: [", "    persisted_slots▸：[", "persisted_slots"),
    "a full-width colon in a step of one line": Mistake(
        "wide_sign", "      - id: say\n        action: utter_colour",
        "      - ▸action：utter_colour", "action：utter_colour"),
    "a full-width comma between slots": Mistake(
        "wide_sign", "[recipient]", "[▸recipient，budget]", "recipient，budget"),
    "a full-width comma between names": Mistake(
        "wide_sign", "{name: 挑礼物}, zh-Hant", "{name: 挑礼物}▸， zh-Hant", "，"),
    "a list comma between actions": Mistake(
        "wide_sign", "[gift_find, gift_buy]", "[▸gift_find、gift_buy]", "、", file=DOMAIN),
    "smart quotes around a name": Mistake(
        "wide_sign", "action: utter_wait", "action: ▸“utter_wait”", "“"),
    "smart quotes in a condition": Mistake(
        "wide_sign", 'slots.budget > 500 and slots.colour = "red"',
        "slots.budget > 500 and slots.colour = ▸“red”", "“"),
    "a full-width sign in a condition": Mistake(
        "wide_sign", "slots.budget < 10", "slots.budget ▸＜ 10", "＜"),
    "an unclosed quote": Mistake(
        "yaml_quote_open", 'utter_wait:\n  - text: "Fine {colour}"',
        'utter_wait:\n  - text: ▸"Fine', '"Fine', file=ENGLISH),
    "an unclosed quote at the end": Mistake(
        "yaml_quote_open", 'utter_colour:\n  - text: "Fine {colour}"',
        'utter_colour:\n  - text: ▸"Fine', '"Fine', file=ENGLISH),
    "quotes within quotes": Mistake(
        "yaml_quote_inside", 'utter_wait:\n  - text: "Fine {colour}"',
        'utter_wait:\n  - text: "Say "▸yes" to us"', "yes", file=ENGLISH),
    "an unclosed bracket": Mistake(
        "yaml_bracket_open", "[recipient]", "▸[recipient", "[recipient"),
    "an unclosed brace": Mistake(
        "yaml_bracket_open", "trouble: {type: text}", "trouble: ▸{type: text", "{type: text",
        file=DOMAIN),
    "a bracket too many": Mistake(
        "yaml_bracket_lonely", "link: talk", "link: ▸]", "]"),
    "a comma too many": Mistake(
        "yaml_comma", "[red, blue]", "[red,▸, blue]", "red,, blue", file=DOMAIN),
    "a comma too few": Mistake(
        "yaml_comma", "{type: text, x-private: true}", "{type: text x-private▸: true}",
        "x-private", file=DOMAIN),
    "a text that begins with @": Mistake(
        "yaml_sign", "description: Says which", "description: ▸@home Says which", "@home"),
    "a list in the middle of a line": Mistake(
        "yaml_dash", "action: utter_wait", "action: ▸- utter_wait", "utter_wait"),
    "a backslash": Mistake(
        "yaml_escape", 'utter_wait:\n  - text: "Fine {colour}"',
        'utter_wait:\n  - text: "C:▸\\shop"', "\\s", file=ENGLISH),
    "an invisible sign": Mistake(
        "yaml_control", "Says which", "Says ▸\x07which", "U+0007"),
    "a key given twice": Mistake(
        "duplicate_key", "    type: categorical\n", "    type: categorical\n    ▸type: text\n",
        "type", file=DOMAIN),
}  # fmt: skip


def _made(mistake: Mistake) -> tuple[dict[str, str], tuple[str, int, int]]:
    """The files with the mistake, and where the finger should point."""
    files = changed(mistake.old, mistake.new, mistake.file)
    text = files[mistake.file]
    if mistake.at:
        assert text.count(mistake.at.replace("▸", "")) == 1
        text = text.replace(mistake.at.replace("▸", ""), mistake.at)
    before, mark, after = text.partition("▸")
    assert mark
    raw = (before + after).encode(mistake.encoding)
    files[mistake.file] = raw.decode("utf-8-sig", "surrogateescape")  # as bot/yaml_files.py does
    lines = before.split("\n")
    return files, (mistake.file, len(lines), len(lines[-1]) + 1)


@cache
def _found(mistake: Mistake) -> Problem:
    files, place = _made(mistake)
    problems = problems_of(files)
    told = [problem.render(Locale.EN) for problem in problems]
    for problem in problems:
        at = (problem.at.file, problem.at.line, problem.at.column)
        if (problem.code, at) == (mistake.code, place):
            return problem
    raise AssertionError(mistake.code, place, told)


def test_the_files_are_good_as_they_stand() -> None:
    assert [problem.render(Locale.EN) for problem in problems_of(FILES)] == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_where_it_was_made(name: str) -> None:
    mistake = MISTAKES[name]
    assert _found(mistake).warning is mistake.warning


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_what_was_written(name: str, locale: Locale) -> None:
    problem = _found(MISTAKES[name])
    message, hint = problem.message(locale), problem.hint(locale)
    assert message != problem.code
    assert hint
    assert MISTAKES[name].named in f"{message} {hint}"
    assert not _UNFILLED.search(message + hint)


@pytest.mark.parametrize("locale", [Locale.ZH_HANS, Locale.ZH_HANT])
@pytest.mark.parametrize("name", MISTAKES)
def test_chinese_sentences_are_chinese(name: str, locale: Locale) -> None:
    """The parser's English is nowhere in them; what was written stands in backquotes."""
    problem = _found(MISTAKES[name])
    for part in (problem.message(locale), problem.hint(locale)):
        assert _HAN.search(part)
        assert not _ENGLISH.search(_QUOTED.sub("", part)), part


@pytest.mark.parametrize("name", MISTAKES)
def test_only_an_error_keeps_files_from_loading(name: str) -> None:
    files, _ = _made(MISTAKES[name])
    if MISTAKES[name].warning:
        assert load_flow_set(files).sha != load_flow_set(FILES).sha
    else:
        with pytest.raises(FlowProblems):
            load_flow_set(files, runnable={"action_order"})


REFUSED = {
    "mcp_server": ("call: colours", "call: colours\n        ▸mcp_server: stock", "refused_mcp"),
    "mapping": ("call: colours", "call: colours\n        ▸mapping: {input: []}", "refused_mcp"),
    "exit_if": ("call: colours", "call: colours\n        ▸exit_if: [slots.sure]", "refused_mcp"),
    "collect-tool-binding": (
        "collect: trouble", "collect: trouble\n        ▸collect-tool-binding: x", "refused_mcp"),
    "dtmf": ("collect: trouble", "collect: trouble\n        ▸dtmf: {length: 4}", "refused_voice"),
    "silence_timeout": (
        "collect: trouble", "collect: trouble\n        ▸silence_timeout: 5", "refused_voice"),
    "on_activate": (
        "    persisted_slots", "    ▸on_activate: []\n    persisted_slots", "refused_hook"),
    "pattern_user_silence": ("  talk:\n    desc", "  ▸pattern_user_silence:\n    desc",
                             "refused_voice"),
    "pattern_external_agent_processing": (
        "  talk:\n    desc", "  ▸pattern_external_agent_processing:\n    desc",
        "refused_agent_pattern"),
    "pattern_collect_information": (
        "  talk:\n    desc", "  ▸pattern_collect_information:\n    desc", "refused_pattern"),
    "pattern_validate_slot": (
        "  talk:\n    desc", "  ▸pattern_validate_slot:\n    desc", "refused_pattern"),
    "pattern_search": ("  talk:\n    desc", "  ▸pattern_search:\n    desc", "refused_search"),
    "{{ id }}": ("- id: shades", '- id: ▸"{{ id }}"', "template"),
    "{% if %}": ("if: slots.budget < 10", 'if: ▸"{% if %} slots.budget < 10"', "template"),
}  # fmt: skip


@pytest.mark.parametrize("key", REFUSED)
def test_what_calm_has_and_we_do_not_is_refused_with_its_reason(key: str) -> None:
    old, new, code = REFUSED[key]
    problem = _found(Mistake(code, old, new, key))
    assert not problem.warning
    for locale in Locale:
        assert key in problem.message(locale)
        assert problem.hint(locale)


def test_all_that_is_refused_by_name_is_tested() -> None:
    assert {*REFUSED_KEYS, *REFUSED_PATTERNS} <= set(REFUSED)

"""Everything that is said is said in three languages, and every shipped flow is sound."""

import re
from collections.abc import Iterator

from data.kernel import errors
from data.kernel.locales import Locale
from dialogs.actions.shelf import ACTIONS
from dialogs.format import check_flow_set, load_flow_set, shipped_sources
from tests.house.source import modules

# Words of a story, not of a person.
_NOT_SAID = {"utter_name"}
# Said to a press alone, so only where there is something to press.
_OF_A_PRESS = {"utter_not_your_button", "utter_button_expired"}
_PRESSING = {
    Locale.EN: re.compile(r"\b(?:tap|press|click|button)", re.IGNORECASE),
    Locale.ZH_HANS: re.compile(r"[点按戳](?:一[下次]|[击开选钮“👍]| 👍)|[请就再接][点按戳]"),
    Locale.ZH_HANT: re.compile(r"[點按戳](?:一[下次]|[擊開選鈕「👍]| 👍)|[請就再接][點按戳]"),
}
_UTTER = re.compile(r"\"(utter_[a-z0-9_]+)\"")


def test_the_shipped_flows_pass_their_own_linter() -> None:
    """So every step is reachable, every flow ends, every response has its three texts."""
    problems = check_flow_set(shipped_sources(), runnable=ACTIONS.keys())
    assert [problem.render(Locale.EN) for problem in problems] == []


def test_every_response_has_a_text_in_each_language() -> None:
    domain = load_flow_set(shipped_sources()).domain
    missing = [
        f"{response.name} {locale}"
        for response in domain.responses.values()
        for locale in Locale
        if not response.text.get(locale, "").strip()
    ]
    assert not missing


def test_nobody_is_told_to_press_what_may_be_a_line_with_a_number() -> None:
    """One wording for all messengers: in some, and in WeChat, choices are typed."""
    responses = load_flow_set(shipped_sources()).domain.responses.values()
    told = [
        f"{response.name} {locale}: {text[locale]}"
        for response in responses
        for text in (response.text, *(variant.text for variant in response.variants))
        for locale, pressing in _PRESSING.items()
        if pressing.search(text[locale]) and response.name not in _OF_A_PRESS
    ]
    assert not told


def test_every_response_that_code_says_exists() -> None:
    known = load_flow_set(shipped_sources()).domain.responses
    said = {name for file in modules() for name in _UTTER.findall(file.read_text(encoding="utf-8"))}
    missing = said - set(known) - _NOT_SAID
    # A name may be the beginning of several: what follows depends on the case.
    assert not [name for name in missing if not any(one.startswith(f"{name}_") for one in known)]


def test_every_refusal_can_be_told_in_a_chat() -> None:
    known = load_flow_set(shipped_sources()).domain.responses
    assert not [code for code in refusals() if f"utter_{code}" not in known]


def test_every_action_that_flows_name_can_be_run() -> None:
    declared = load_flow_set(shipped_sources()).domain.actions
    assert not sorted(declared - set(ACTIONS))


def refusals() -> Iterator[str]:
    for thing in vars(errors).values():
        if isinstance(thing, type) and issubclass(thing, errors.ShopError):
            yield thing.code

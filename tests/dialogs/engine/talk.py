"""A conversation for tests: a small shop's flows, and someone who talks to them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dialogs.engine import (
    ActionResult,
    Effect,
    Event,
    Flows,
    Heard,
    Input,
    RunAction,
    Say,
    State,
    Turned,
    from_json,
    run,
    to_json,
)
from dialogs.engine.commands import Command
from dialogs.format import FlowSet, load_flow_set

LANGUAGES = ("zh-Hans", "zh-Hant", "en")

DOMAIN = """
slots:
  recipient: {type: text}
  occasion: {type: categorical, values: [birthday, wedding]}
  budget: {type: float}
  exclusions: {type: list}
  choice: {type: text}
  sure: {type: bool}
  product: {type: text}
  colour: {type: text}
  address: {type: text, x-private: true}
  payment: {type: text}
  receipt: {type: text}
  copies: {type: float, initial_value: 1}
  anything: {type: any}
actions: [action_recommend, action_order, action_join, action_ask_choice, validate_address]
"""

SHOP = """
flows:
  gift:
    description: find a gift
    name: Find a gift
    translation: {zh-Hans: {name: 挑礼物}, zh-Hant: {name: 挑禮物}}
    persisted_slots: [choice]
    steps:
      - id: 0_collect_recipient
        collect: recipient
      - id: 1_collect_occasion
        collect: occasion
        x-if-skipped: birthday
      - id: 2_collect_budget
        collect: budget
        rejections:
          - {if: slots.budget < 10, utter: utter_too_low}
      - id: show
        action: action_recommend
        x-reads: [exclusions]
      - id: pick
        collect: choice
        next:
          - if: slots.choice = "none"
            then:
              - action: utter_pity
                next: END
          - else: END
  order:
    description: order a product
    if: slots.product
    steps:
      - id: 0_collect_address
        collect: address
      - id: 1_collect_copies
        collect: copies
      - id: 2_collect_sure
        collect: sure
        ask_before_filling: true
        next:
          - if: slots.sure
            then: place
          - else: END
      - id: place
        action: action_order
      - id: paid
        x-wait:
          event: [payment_paid, payment_failed]
          key: payment
          set_slots: {receipt: number}
          timeout: PT30M
          on_timeout: late
        next: thanks
      - id: thanks
        action: utter_thanks
        next: END
      - id: late
        action: utter_late
        next: END
  colours:
    description: which colours there are
    steps:
      - id: 0_collect_colour
        collect: colour
      - action: utter_colour
  birthday:
    description: remember a birthday
    steps:
      - id: 0_collect_recipient
        collect: recipient
      - action: utter_saved
  member:
    description: only for those who chose something
    if: slots.choice
    steps:
      - action: utter_member
  outer:
    description: calls another flow
    steps:
      - call: colours
      - id: 1_collect_budget
        collect: budget
      - action: utter_outer_done
  chain:
    description: goes on with another flow
    steps:
      - action: utter_chain
      - link: colours
  person:
    description: a person is needed
    steps:
      - link: pattern_human_handoff
  forced:
    description: answers only
    steps:
      - id: 0_collect_sure
        collect: sure
        force_slot_filling: true
      - action: utter_forced_done
  runaway:
    description: never stops by itself
    steps:
      - id: again
        collect: copies
        next:
          - if: slots.copies > 0
            then: again
          - else: END
"""

RESPONSES = (
    *(f"utter_ask_{slot}" for slot in ("recipient", "occasion", "budget", "sure", "colour")),
    *("utter_ask_address", "utter_ask_copies", "utter_too_low", "utter_pity", "utter_thanks"),
    *("utter_late", "utter_colour", "utter_saved", "utter_member", "utter_outer_done"),
    *("utter_chain", "utter_forced_done", "utter_small_talk", "utter_ask_choice"),
)


def response_file(names: tuple[str, ...] = RESPONSES, text: str = "{colour} {budget}") -> str:
    return "".join(f'{name}:\n  - text: "{text}"\n' for name in names)


def sources(flows: str = SHOP, *, domain: str = DOMAIN, extra: str = "") -> dict[str, str]:
    """Flows, domain and every response in three languages."""
    found = {"flows/shop.yml": flows, "domain.yml": domain}
    if extra:
        found["flows/extra.yml"] = extra
    return {**found, **{f"language/{tag}/responses.yml": response_file() for tag in LANGUAGES}}


_LOADED: dict[str, FlowSet] = {}


def shop(extra: str = "") -> FlowSet:
    """The test shop, loaded once per variant."""
    if extra not in _LOADED:
        _LOADED[extra] = load_flow_set(sources(extra=extra))
    return _LOADED[extra]


Act = Callable[[RunAction], ActionResult | None]


def recommend_and_order(call: RunAction) -> ActionResult:
    if call.name == "action_order":
        return ActionResult({"payment": f"pay{call.call}"})
    return ActionResult()


class Talk:
    """Says things and looks at what came back; every state goes through JSON and back."""

    def __init__(self, flow_set: FlowSet | None = None, state: State | None = None) -> None:
        self.flows = Flows.of(flow_set or shop())
        self.state = state or State()
        self.act: Act = recommend_and_order
        self.calls: list[RunAction] = []
        self.events: list[Event] = []
        self.effects: tuple[Effect, ...] = ()
        self.failed: str | None = None

    def hear(self, *commands: Command) -> list[str]:
        return self.take(Heard(commands))

    def take(self, event: Input) -> list[str]:
        """The names of the responses said."""
        turned = run(self.state, event, self.flows, self._act)
        self._keep(turned)
        return self.said

    @property
    def said(self) -> list[str]:
        return [effect.response for effect in self.effects if isinstance(effect, Say)]

    @property
    def slots(self) -> Mapping[str, Any]:
        return self.state.slots

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def stack(self) -> list[str]:
        return [frame.flow for frame in self.state.stack]

    def effect(self, kind: type) -> Any:
        (found,) = [effect for effect in self.effects if isinstance(effect, kind)]
        return found

    def _act(self, call: RunAction) -> ActionResult | None:
        self.calls.append(call)
        return self.act(call)

    def _keep(self, turned: Turned) -> None:
        self.state = from_json(json.loads(json.dumps(to_json(turned.state))))
        assert self.state == turned.state
        self.events += turned.events
        self.effects = turned.effects
        self.failed = turned.failed

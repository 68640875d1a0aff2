"""A small shop whose flow calls the actions of a merchant's own package."""

from typing import Any

from dialogs.actions.contract import Json, payload_of
from dialogs.engine import RunAction
from dialogs.format import FlowSet, load_flow_set

MODULE = "tests.dialogs.actions.lan_actions"
_FLOWS = """
slots:
  paper: {type: text}
  shape: {type: categorical, values: [crane, boat]}
  price: {type: any}
  sheets: {type: float}
  address: {type: text, x-private: true}
  refusal: {type: text}
actions: [action_fold]
responses:
  utter_folded:
    - text: {en: "A {shape} of {paper}", zh-Hans: "{paper}{shape}", zh-Hant: "{paper}{shape}"}
  utter_address:
    - text: {en: "To {address}", zh-Hans: "{address}", zh-Hant: "{address}"}
      x-private: true
  utter_price:
    - text: {en: "It is {price:money}", zh-Hans: "{price:money}", zh-Hant: "{price:money}"}
      buttons:
        - title: {en: OK, zh-Hans: 好, zh-Hant: 好}
          payload: /SetSlots(paper={paper})
  utter_ready:
    - text: {en: Ready, zh-Hans: 好了, zh-Hant: 好了}
    - text: {en: "It was {price:money}", zh-Hans: "{price:money}", zh-Hant: "{price:money}"}
      condition: [{type: slot, name: shape, value: boat}]
flows:
  fold:
    description: Folds paper
    name: fold
    translation: {zh-Hans: {name: 折纸}, zh-Hant: {name: 摺紙}}
    steps:
      - action: action_fold
"""


def a_shop() -> FlowSet:
    return load_flow_set({"paper.yml": _FLOWS})


def a_call(action: str, *, slot: str | None = None, **slots: Any) -> Json:
    """The body of one call out of the flow."""
    shop = a_shop()
    wanted = RunAction(action, 1, "fold", "0_action", shop.sha, slots, slot=slot)
    return payload_of(wanted, shop.domain, sender="cnv_1", text="fold it")

"""The files of a small shop, good as they stand; tests put one mistake at a time into them."""

from dialogs.format import Problem, check_flow_set

FLOWS = """\
flows:
  gift:
    description: Finds a gift and sells it
    name: find a gift
    translation: {zh-Hans: {name: 挑礼物}, zh-Hant: {name: 挑禮物}}
    nlu_trigger:
      - intent: gift_find
    persisted_slots: [recipient]
    steps:
      - id: who
        collect: recipient
      - id: much
        collect: budget
        rejections:
          - if: slots.budget < 10
            utter: utter_too_low
        next:
          - if: slots.budget > 500 and slots.colour = "red"
            then: wrap
          - else: order
      - id: wrap
        set_slots:
          - price: 20
      - id: order
        action: action_order
      - id: paid
        x-wait:
          event: payment_paid
          key: payment
          timeout: PT30M
          on_timeout: late
        next: thanks
      - id: thanks
        action: utter_thanks
        next: END
      - id: late
        action: utter_late
      - id: help
        link: talk
  talk:
    description: Asks what is wrong, then calls a person
    steps:
      - id: ask
        collect: trouble
      - id: shades
        call: colours
      - id: person
        action: utter_wait
        next: END
  colours:
    description: Says which colours there are
    steps:
      - id: which
        collect: colour
      - id: say
        action: utter_colour
"""
DOMAIN = """\
intents: [gift_find, gift_buy]
actions: [action_order]
slots:
  recipient: {type: text}
  budget: {type: float}
  price:
    type: float
    initial_value: 20
  payment: {type: text}
  trouble: {type: text}
  phone: {type: text, x-private: true}
  sure: {type: bool}
  colour:
    type: categorical
    values: [red, blue]
"""
_SAYS = {"zh-Hans": "好的 {colour}", "zh-Hant": "好喔 {colour}", "en": "Fine {colour}"}
_NAMES = (
    "utter_ask_recipient", "utter_ask_budget", "utter_ask_trouble", "utter_ask_colour",
    "utter_too_low", "utter_thanks", "utter_late", "utter_wait", "utter_colour",
)  # fmt: skip
FILES = {
    "flows.yml": FLOWS,
    "domain.yml": DOMAIN,
    **{
        f"language/{tag}/responses.yml": "".join(
            f'{name}:\n  - text: "{text}"\n' for name in _NAMES
        )
        for tag, text in _SAYS.items()
    },
}


def changed(old: str, new: str, file: str = "flows.yml") -> dict[str, str]:
    """The good files with one change, which must really be one."""
    assert FILES[file].count(old) == 1, f"{old!r} stands {FILES[file].count(old)} times"
    return {**FILES, file: FILES[file].replace(old, new)}


def problems_of(files: dict[str, str]) -> list[Problem]:
    return check_flow_set(files, runnable={"action_order"})

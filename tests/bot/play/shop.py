"""A merchant's small flow set for stories: two flows, an action of their own, a private slot."""

from functools import cache

from bot.play.world import Kit
from dialogs.actions.shelf import ACTIONS
from dialogs.format import flow_set_to_json, load_flow_set
from tests.bot.flow_files import FLOWS

SIZE = """\
version: "1"
flows:
  find_size:
    description: Asks for a height and says which size fits.
    name: find a size
    translation:
      zh-Hans: {name: 选尺码}
      zh-Hant: {name: 選尺碼}
    steps:
      - id: how_tall
        collect: height
      - id: look_up
        action: action_check_size
      - id: told
        action: utter_size
"""
SIZE_DOMAIN = """\
version: "1"
actions: [action_check_size]
slots:
  height: {type: float, mappings: [{type: from_entity, entity: number}]}
  size: {type: text}
responses:
  utter_ask_height:
    - text: {zh-Hans: 多高？, zh-Hant: 多高？, en: How tall?}
  utter_size:
    - text: {zh-Hans: "尺码 {size}", zh-Hant: "尺碼 {size}", en: "Size {size}"}
"""
OWN = {**FLOWS, "flows/size.yml": SIZE, "flows/size_domain.yml": SIZE_DOMAIN}


@cache
def own_kit() -> Kit:
    """As a repository with these files makes it, their action being stubbed."""
    flow_set = load_flow_set(OWN, runnable={*ACTIONS, "action_check_size"})
    return Kit(flow_set_to_json(flow_set))

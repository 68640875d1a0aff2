"""A small flow set of our own: the web's tests do not depend on how the shipped flows talk."""

from collections.abc import Mapping
from pathlib import Path

GIFT = """\
version: "1"
flows:
  gift_finder:
    description: Asks whom a gift is for, and takes note.
    name: find a gift
    translation:
      zh-Hans: {name: 挑礼物}
      zh-Hant: {name: 挑禮物}
    nlu_trigger:
      - intent: gift_find
    steps:
      - id: who
        collect: recipient
      - id: noted
        action: utter_noted
"""
DOMAIN = """\
version: "1"
intents: [gift_find]
slots:
  recipient:
    type: text
    mappings: [{type: from_entity, entity: relation}]
responses:
  utter_ask_recipient:
    - text: {zh-Hans: 送给谁呢？, zh-Hant: 要送給誰呢？, en: Who is it for?}
      buttons:
        - title: {zh-Hans: 妈妈, zh-Hant: 媽媽, en: My mum}
          payload: /SetSlots(recipient=mother)
        - title: {zh-Hans: 朋友, zh-Hant: 朋友, en: A friend}
          payload: /SetSlots(recipient=friend)
  utter_noted:
    - text: {zh-Hans: 记下了。, zh-Hant: 記下了。, en: Noted.}
"""
FLOWS = {"flows/gift.yml": GIFT, "flows/domain.yml": DOMAIN}
# The same flow, said otherwise.
WARMER = {**FLOWS, "flows/domain.yml": DOMAIN.replace("记下了。", "好的，记下啦！")}
BROKEN = GIFT.replace("collect: recipient", "collect: receiver")


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder

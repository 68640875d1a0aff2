"""What a language model need not know is blacked out before a message leaves the shop (T32).

The readers that find phones, addresses and order numbers for us find them here; whatever else has
the shape of an address, a number to call or an id goes too. Too much is better than too little.
"""

import re
from collections.abc import Iterable

from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract

_READ = {
    "phone": "[phone]",
    "email": "[email]",
    "street": "[address]",
    "order_number": "[order]",
    "name": "[name]",
}
_SHAPES = (
    (re.compile(r"(?:\w{2,10}://|www\.)\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"[\w.+-]+\s?[@＠]\s?[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?<!\w)[@＠][\w.-]{2,}"), "[name]"),
    (re.compile(r"(?<![a-z])[a-z]{2,4}_\w{5,}", re.IGNORECASE), "[id]"),
    # 微信lan2020xx, wx: lan_2020, Line ID: lan2020
    (re.compile(r"微信[号號]?\s?[:：是]?\s?[a-z0-9][a-z0-9_-]{4,}", re.IGNORECASE), "[name]"),
    (
        re.compile(
            r"(?<![a-z])(?:wechat|weixin|wx|vx|qq|line|whatsapp|telegram)"
            r"\s?(?:id|号|號)?\s?[:：]\s?[\w.-]{3,}",
            re.IGNORECASE,
        ),
        "[name]",
    ),
    (re.compile(r"\+?(?:\d[\s()./_·–-]{0,2}){6,}\d|\*{4,}\d+"), "[number]"),
    (re.compile(r"[零〇一二三四五六七八九幺]{7,}"), "[number]"),
    # 和平路12号3栋501室, 中山北路二段5樓; 3月8号 is a day
    (re.compile(r"\w{1,12}[路街巷道]\w{0,4}\s?\d+\s?[号號]\w*"), "[address]"),
    (re.compile(r"\d+\s?(?:弄|栋|棟|单元|單元|室|楼|樓)\w*"), "[address]"),
)
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")
_FULL_HAN = 3  # letters of a family name and a given name of two
_SHORTEST_WORD = 2


def redact(text: str, names: Iterable[str], setting: Setting) -> str:
    """`names`: what we know this person by."""
    for pattern, mask in _SHAPES:
        text = pattern.sub(mask, text)
    for name in names:
        text = _without(name, text)
    entities = [one for one in extract(fold(text), setting) if one.kind in _READ]
    for entity in sorted(entities, key=lambda one: one.start, reverse=True):
        text = text[: entity.start] + _READ[entity.kind] + text[entity.end :]
    return text


def _without(name: str, text: str) -> str:
    for form in sorted(_forms(name), key=len, reverse=True):
        edge = r"\b" if form.isascii() else ""
        text = re.sub(edge + re.escape(form) + edge, "[name]", text, flags=re.IGNORECASE)
    return text


def _forms(name: str) -> set[str]:
    """Whole and in parts: Zhao Lan, Lan; 张小兰, 小兰."""
    forms = {name.strip(), *name.split()}
    if _HAN_NAME.fullmatch(name) and len(name) >= _FULL_HAN:
        forms.add(name[1:])
    return {form for form in forms if len(form) >= _SHORTEST_WORD}

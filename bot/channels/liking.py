"""Which reactions are for what they stand below: a closed list. A laugh or a tear is no vote."""

import re

# How a sign is to be drawn, and in which colour of skin, changes nothing.
_DRAWN = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_HANDS, _FACES, _SIGNS = "👍👏🙌👌🙋", "😍🥰🤩😋", "🔥🎉🏆⭐🌟💯✅➕"
_HEARTS = "❤🧡💛💚💙💜🩷💖💕💘"
_FOR = frozenset((*_HANDS, *_FACES, *_SIGNS, *_HEARTS, "❤\u200d🔥", "+", "+1"))


def is_for(sign: str) -> bool:
    return _DRAWN.sub("", sign) in _FOR

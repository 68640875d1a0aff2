"""What is in sight: the product being bought, else those on the cards shown last."""

import re

from data.catalogue import get_variant
from data.conversations import Offered, offered_to
from data.kernel.errors import NotFound
from dialogs.actions.turn import Turn
from dialogs.engine import from_json

_BUYING = "checkout"
_PRODUCT = re.compile(r"\b(?:gift_choice|product)=(prd_\w+)")
_VARIANT = re.compile(r"\bvariant=(var_\w+)")


def is_buying(turn: Turn) -> bool:
    """Whether a checkout is under way in this conversation."""
    snapshot = turn.conversation.snapshot
    frames = from_json(snapshot).stack if snapshot else ()
    return any(frame.flow == _BUYING for frame in frames)


def products_seen(turn: Turn) -> list[str]:
    """Ids, in the order of their numbers; empty where nothing was shown."""
    if is_buying(turn) and turn.slots.get("product"):
        return [str(turn.slots["product"])]
    shown = offered_to(turn.session, chat_id=turn.chat.id, person_id=turn.person.id, now=turn.now)
    newest = next((option.batch for option in shown if _product_of(turn, option)), None)
    together = [option for option in reversed(shown) if option.batch == newest]
    return list(dict.fromkeys(filter(None, (_product_of(turn, one) for one in together))))


def _product_of(turn: Turn, option: Offered) -> str | None:
    product = _PRODUCT.search(option.payload)
    if product:
        return product[1]
    variant = _VARIANT.search(option.payload)
    return _of_variant(turn, variant[1]) if variant else None


def _of_variant(turn: Turn, variant_id: str) -> str | None:
    try:
        variant = get_variant(turn.session, merchant_id=turn.merchant.id, variant_id=variant_id)
    except NotFound:
        return None
    return variant.product_id

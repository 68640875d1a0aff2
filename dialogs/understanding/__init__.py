"""What a message means: from a line of text and its context to commands, without any network."""

from dialogs.understanding.chain import understand
from dialogs.understanding.context import (
    Agreed,
    Asked,
    Context,
    Offered,
    OwnSplits,
    ProductNames,
    Ware,
)
from dialogs.understanding.describe import describe, warm_up
from dialogs.understanding.outcome import Entity, Understood
from dialogs.understanding.payload import parse_payload

__all__ = [
    "Agreed",
    "Asked",
    "Context",
    "Entity",
    "Offered",
    "OwnSplits",
    "ProductNames",
    "Understood",
    "Ware",
    "describe",
    "parse_payload",
    "understand",
    "warm_up",
]

"""How one person's share of what several pay for together stands: of a present (data/pools), of a
basket for a group (data/split_orders).

    HELD ──▶ PAID ──▶ USED
     │        └────────┴──▶ REFUNDED      HELD ──▶ RELEASED    (both final)
"""

from enum import StrEnum


class ShareState(StrEnum):
    HELD = "held"
    PAID = "paid"
    USED = "used"
    RELEASED = "released"
    REFUNDED = "refunded"


_S = ShareState
SHARE_MOVES: dict[ShareState, frozenset[ShareState]] = {
    _S.HELD: frozenset({_S.PAID, _S.RELEASED}),
    _S.PAID: frozenset({_S.USED, _S.REFUNDED}),
    _S.USED: frozenset({_S.REFUNDED}),
    _S.RELEASED: frozenset(),
    _S.REFUNDED: frozenset(),
}
# In one of these it counts towards the whole; GIVEN ones have money behind them.
LIVE = (_S.HELD, _S.PAID, _S.USED)
GIVEN = (_S.PAID, _S.USED)

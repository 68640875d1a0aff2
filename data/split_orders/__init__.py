"""Split orders: several people fill one basket, each pays their own goods, one delivery comes. An
order below the shop's minimum is none: everybody has their money back."""

from data.split_orders.facts import (
    PartLost,
    PartPaid,
    SplitCancelled,
    SplitChanged,
    SplitEnd,
    SplitFact,
    SplitFailed,
    SplitOpened,
    SplitOrdered,
)
from data.split_orders.models import SplitOrder, SplitPart, SplitState
from data.split_orders.outcomes import JOBS, expire_split, listen, part_behind
from data.split_orders.queries import (
    SplitView,
    open_splits_in,
    payers,
    split_of,
    split_view,
    splits_by,
    splits_of,
)
from data.split_orders.service import (
    cancel_split,
    close_split,
    goods_cost,
    join_split,
    leave_split,
    open_split,
    part_of,
    say_where,
)
from data.split_orders.terms import (
    SplitTerms,
    change_split_terms,
    set_split_terms,
    split_terms_of,
    told_fee,
)

__all__ = [
    "JOBS",
    "PartLost",
    "PartPaid",
    "SplitCancelled",
    "SplitChanged",
    "SplitEnd",
    "SplitFact",
    "SplitFailed",
    "SplitOpened",
    "SplitOrder",
    "SplitOrdered",
    "SplitPart",
    "SplitState",
    "SplitTerms",
    "SplitView",
    "cancel_split",
    "change_split_terms",
    "close_split",
    "expire_split",
    "goods_cost",
    "join_split",
    "leave_split",
    "listen",
    "open_split",
    "open_splits_in",
    "part_behind",
    "part_of",
    "payers",
    "say_where",
    "set_split_terms",
    "split_of",
    "split_terms_of",
    "split_view",
    "splits_by",
    "splits_of",
    "told_fee",
]

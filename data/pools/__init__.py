"""Pools: several people pay for one present. An amount is promised before money moves; what cannot
serve goes back, once; and the person it is for does not learn of it here."""

from data.pools.facts import (
    ContributionLost,
    ContributionPaid,
    PoolAddressMissing,
    PoolCancelled,
    PoolChanged,
    PoolEnd,
    PoolFact,
    PoolFailed,
    PoolFunded,
    PoolOpened,
    PoolOrdered,
    PoolRestDue,
)
from data.pools.models import (
    Contribution,
    ContributionState,
    EndRule,
    Pool,
    PoolState,
    ShareRule,
)
from data.pools.offering import PoolOffer, pool_offer, set_pool_offer
from data.pools.outcomes import JOBS, expire_pool, listen
from data.pools.queries import (
    PoolView,
    contributors,
    open_pools_in,
    pool_of,
    pool_view,
    pools_by,
)
from data.pools.service import (
    cancel_pool,
    chip_in,
    is_for,
    leave_pool,
    open_pool,
    say_where,
    unpaid_of,
)
from data.pools.sharing import pool_shared_by, revoke_pool_shares, share_pool
from data.pools.terms import LONGEST_NAME, SHORTEST, PoolTerms, most_shares

__all__ = [
    "JOBS",
    "LONGEST_NAME",
    "SHORTEST",
    "Contribution",
    "ContributionLost",
    "ContributionPaid",
    "ContributionState",
    "EndRule",
    "Pool",
    "PoolAddressMissing",
    "PoolCancelled",
    "PoolChanged",
    "PoolEnd",
    "PoolFact",
    "PoolFailed",
    "PoolFunded",
    "PoolOffer",
    "PoolOpened",
    "PoolOrdered",
    "PoolRestDue",
    "PoolState",
    "PoolTerms",
    "PoolView",
    "ShareRule",
    "cancel_pool",
    "chip_in",
    "contributors",
    "expire_pool",
    "is_for",
    "leave_pool",
    "listen",
    "most_shares",
    "open_pool",
    "open_pools_in",
    "pool_of",
    "pool_offer",
    "pool_shared_by",
    "pool_view",
    "pools_by",
    "revoke_pool_shares",
    "say_where",
    "set_pool_offer",
    "share_pool",
    "unpaid_of",
]

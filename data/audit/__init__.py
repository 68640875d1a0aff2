"""The audit: every rule that must never break, each as one query over all shops."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.audit import (
    addresses,
    after_sale,
    aftermath,
    campaigns,
    credit,
    delivery,
    group_buys,
    invitations,
    ladders,
    money,
    nudges,
    people,
    pools,
    split_orders,
    stock,
    waiting,
)
from data.audit.checks import Check, Moment, Violation, run

__all__ = ["GRACE", "RULES", "Check", "Moment", "Violation", "audit"]

GRACE = timedelta(hours=1)  # longer than all the retries of a job or a courier together
RULES = (
    *stock.CHECKS,
    *group_buys.CHECKS,
    *ladders.CHECKS,
    *waiting.CHECKS,
    *campaigns.CHECKS,
    *invitations.CHECKS,
    *pools.CHECKS,
    *split_orders.CHECKS,
    *money.CHECKS,
    *aftermath.CHECKS,
    *credit.CHECKS,
    *after_sale.CHECKS,
    *delivery.CHECKS,
    *people.CHECKS,
    *addresses.CHECKS,
    *nudges.CHECKS,
)


def audit(session: Session, *, now: datetime, grace: timedelta = GRACE) -> list[Violation]:
    """Every broken rule, of every shop; empty is what we live for.

    A shop at rest, all its jobs run, keeps its rules with `grace=timedelta(0)` too.
    """
    return run(session, now=now, grace=grace, checks=RULES)

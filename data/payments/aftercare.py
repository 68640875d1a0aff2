"""When we look again at what was settled: configuration, carried along by each session."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

AFTERCARE = "aftercare"  # the key in Session.info
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Aftercare:
    """`refunds`: how long after a refund succeeded we ask whether it still has. `payments`: how
    long after its capture, and then after each look, a payment is looked at. Fees are told at once
    or within minutes; a buyer may dispute for months, of which a notice tells."""

    refunds: tuple[timedelta, ...] = (_DAY, 3 * _DAY, 7 * _DAY)
    payments: tuple[timedelta, ...] = (timedelta(hours=1), _DAY, 6 * _DAY, 23 * _DAY)


_DEFAULT = Aftercare()


def aftercare(session: Session) -> Aftercare:
    told = session.info.get(AFTERCARE, _DEFAULT)
    assert isinstance(told, Aftercare)  # noqa: S101
    return told

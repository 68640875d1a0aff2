"""What customers said of the help they got: each question once, its last answer, its own shop."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from data.analytics import Satisfaction, satisfaction
from data.conversations import Conversation, record_events, save
from data.kernel.database import Database
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk

PATTERN = "pattern_customer_satisfaction"
A_DAY = timedelta(days=1)


def noted(session: Session, talk: Conversation, at: datetime, **event: Any) -> None:
    record_events(session, talk, [event], inbox_id=None, now=at)
    save(session, talk, snapshot={}, now=at)


def asked(session: Session, talk: Conversation, at: datetime = NOW) -> int:
    """The question's revision."""
    rev = talk.rev
    noted(session, talk, at, kind="flow_started", flow=PATTERN, frame=1)
    return rev


def told(
    session: Session, talk: Conversation, question: int, satisfied: bool, at: datetime = NOW
) -> None:
    data = {"asked": question, "satisfied": satisfied}
    noted(session, talk, at, kind="satisfaction_told", flow="pattern_press", data=data)


def test_each_question_counts_once_by_its_last_answer_and_in_its_own_shop(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        shop, other = a_merchant(session), a_merchant(session)
        ann, bo, cy, di = (a_talk(session, shop, name) for name in ("Ann", "Bo", "Cy", "Di"))
        changed_her_mind = asked(session, ann)
        told(session, ann, changed_her_mind, False)
        told(session, ann, changed_her_mind, True, NOW + 3 * A_DAY)
        told(session, bo, asked(session, bo), False)
        asked(session, cy)
        long_ago = asked(session, di, NOW - 40 * A_DAY)
        of_now = asked(session, di)
        told(session, di, long_ago, False)  # the old buttons are still there
        told(session, di, of_now, True)
        noted(session, cy, NOW, kind="flow_started", flow="present", frame=2)
        elsewhere = a_talk(session, other)
        told(session, elsewhere, asked(session, elsewhere), True)

        def counted(since: datetime, until: datetime, whose: str = shop.id) -> Satisfaction:
            return satisfaction(
                session, merchant_id=whose, pattern=PATTERN, since=since, until=until
            )

        today = counted(NOW, NOW + A_DAY)
        assert today == Satisfaction(asked=4, helped=2, not_helped=1)
        assert today.silent == 1
        assert counted(NOW - 41 * A_DAY, NOW) == Satisfaction(1, 0, 1)
        assert counted(NOW, NOW + A_DAY, other.id) == Satisfaction(1, 1, 0)
        assert counted(NOW + A_DAY, NOW + 9 * A_DAY) == Satisfaction(0, 0, 0)

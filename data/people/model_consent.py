"""Whether a person's words may go to a language model, and to whose.

The yes is to one receiver: where the operator changes to another, nobody has agreed to that one.
Each receiver is asked about once, and a no is not asked about again.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.people.consent import Asked, ConsentPurpose, grant_consent, revoke_consent
from data.people.models import Consent, Person

LONGEST_RECEIVER = 40
# Count up when utter_ask_model changes in what it promises: an older yes is none then.
_TEXT = "model-1:"


def trusts_model(session: Session, *, person: Person, receiver: str) -> bool:
    live = select(Consent.id).where(
        Consent.person_id == person.id,
        Consent.merchant_id == person.merchant_id,
        Consent.purpose == ConsentPurpose.MODEL,
        Consent.text_version == _TEXT + receiver,
        Consent.revoked_at.is_(None),
    )
    return session.scalar(live.limit(1)) is not None


def ask_once(session: Session, *, person: Person, receiver: str) -> bool:
    """True for whoever is to put the question; it is put once for each receiver."""
    noted = session.execute(
        update(Person)
        .where(
            Person.id == person.id,
            or_(Person.model_asked.is_(None), Person.model_asked != receiver),
        )
        .values(model_asked=receiver)
        .execution_options(synchronize_session=False)
    )
    return changed(noted) == 1


def trust_model(
    session: Session, *, person: Person, receiver: str, asked: Asked, now: datetime
) -> None:
    """They said yes to this receiver; a yes to an earlier one ends. The text version is ours."""
    if trusts_model(session, person=person, receiver=receiver):
        return
    revoke_consent(session, person=person, purpose=ConsentPurpose.MODEL, now=now)
    asked = replace(asked, text_version=_TEXT + receiver)
    grant_consent(session, person=person, purpose=ConsentPurpose.MODEL, asked=asked, now=now)

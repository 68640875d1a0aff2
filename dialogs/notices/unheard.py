"""What somebody must be told about their money, and can be told nowhere, waits until they have an
open chat again: it is looked for soon, then once a day, for a month."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, cancel_in, enqueue
from data.delivery.messages import OutboundMessage, segment_to_json
from data.delivery.patience import SINCE
from data.people import Person

TELL_UNHEARD = "tell_unheard"  # the job kind; args: person_id, key, segments, response
MARK = "unheard:"
# Money came, did not come, or went back. The rest an order or a team tells itself when asked.
ABOUT_MONEY = frozenset(
    {
        "utter_receipt", "utter_receipt_group", "utter_receipt_last",
        "utter_payment_failed", "utter_refunded",
        "utter_refund_delayed", "utter_seat_late", "utter_seat_refunded",
        "utter_seat_team_failed_paid", "utter_seat_team_cancelled_paid",
        "utter_seat_team_underpaid",
        "utter_return_received", "utter_return_refunded", "utter_variant_changed",
        "utter_change_lapsed", "utter_exchange_to_pay", "utter_exchange_gone",
        "utter_exchange_done", "utter_exchange_done_back", "utter_exchange_lapsed",
        "utter_share_paid", "utter_share_back", "utter_share_returned",
        "utter_part_paid", "utter_part_back", "utter_part_out", "utter_part_late",
        "utter_part_delivery", "utter_part_back_said",
        "utter_receipt_hold", "utter_hold_let_go", "utter_price_lowered",
        "utter_price_lowered_hold", "utter_seat_pay_again", "utter_seat_pay_now",
        "utter_difference_back",
    }
)  # fmt: skip
# Flows that a shop published before have no words for these.
YOUNG = frozenset(
    {
        "utter_receipt_hold", "utter_hold_let_go", "utter_price_lowered",
        "utter_price_lowered_hold", "utter_seat_pay_again", "utter_seat_pay_now",
        "utter_inviter_rewarded", "utter_seat_offered", "utter_seat_offered_here",
        "utter_wait_over", "utter_wait_passed", "utter_wait_too_many_seats", "utter_wait_paused",
        "utter_wait_person_limit", "utter_wait_new_customers_only", "utter_wait_out_of_stock",
        "utter_wait_first_purchase_held",
        "utter_seat_nudge", "utter_difference_back", "utter_address_again",
    }
)  # fmt: skip


def lane_of(person_id: str) -> str:
    return f"person:{person_id}"


def keep_unheard(
    session: Session,
    *,
    person: Person,
    message: OutboundMessage,
    key: str,
    since: datetime,
    now: datetime,
) -> None:
    """Its buttons with what they do. In a lane of theirs: it ends when they are erased. `since`:
    when it was first to be told."""
    args = {
        "person_id": person.id,
        "key": key,
        "segments": [segment_to_json(segment) for segment in message.segments],
        "response": message.response,
        SINCE: since.isoformat(),
    }
    job = NewJob(lane_of(person.id), TELL_UNHEARD, f"{MARK}{key}", now, args, person.merchant_id)
    enqueue(session, job, now=now)


def heard_otherwise(session: Session, *, person_id: str, key: str) -> None:
    """What waits under keys that begin so need not be told any more."""
    cancel_in(session, lane=lane_of(person_id), begins=f"{MARK}{key}")

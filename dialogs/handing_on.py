"""What waited in a chat that is theirs no more goes on in one that is."""

from typing import Any

from sqlalchemy.orm import Session

from dialogs.engine import (
    Flows,
    GivenAway,
    Happened,
    Parked,
    State,
    TakenOver,
    move_on,
    parked_to_json,
)
from dialogs.format.flow import WaitStep
from dialogs.house import Cause, House, Stage
from dialogs.standing import standing, write_change
from dialogs.unspoken import Unspoken, take_unspoken


def hand_on(
    session: Session, house: House, *, there: Stage, here: Stage, told: Happened, cause: Cause
) -> None:
    """`told` woke the wait of this number `there`. Taken over first, for as long as the flow waits
    there its version is kept."""
    shop = there.merchant.id
    live = house.flows.live(session, merchant_id=shop)
    flows = Flows(live.sha, lambda sha: house.flows.get(session, merchant_id=shop, sha=sha))
    stands = standing(session, there.conversation, flows)
    parked = next((one for one in stands.state.parked if one.wait == told.wait), None)
    if parked is None:
        return
    group = parked_to_json(parked)
    group["slots"] = {**_read(stands.state, parked, flows), **parked.slots}
    taken = TakenOver(group, told)
    take_unspoken(session, house, stage=here, given=Unspoken(taken), cause=cause)
    gone = move_on(stands.state, GivenAway(parked.wait), flows)
    write_change(session, there.conversation, stands, gone, now=cause.now)


def _read(state: State, parked: Parked, flows: Flows) -> dict[str, Any]:
    """What its flow goes by and has not put away: the slots of its guard, the keys of its waits."""
    wanted: set[str] = set()
    for frame in parked.frames:
        flow_set = flows.flows_for(frame.version)
        steps = flow_set.flows[frame.flow].steps.values()
        wanted |= flow_set.takes[frame.flow]
        wanted |= {step.key for step in steps if isinstance(step, WaitStep) and step.key}
    return {slot: state.slots[slot] for slot in sorted(wanted) if slot in state.slots}

"""Flow versions: immutable, named by their content; publish and roll back move a pointer.

Conversations stand in them (pins), go on from one to another (ways), and keep them from being
collected.
"""

from data.flows.collecting import collect, collectable, has_old_versions, retire
from data.flows.models import ConversationPin, FlowChannel, FlowMove, FlowVersion, FlowWay, MoveKind
from data.flows.pins import VersionGone, move_pins, pinned_versions
from data.flows.service import (
    Draft,
    before_live,
    document_of,
    history,
    known_versions,
    live_sha,
    live_version,
    publish,
    roll_back,
    save_draft,
)
from data.flows.tending import TEND_FLOWS, Keeping
from data.flows.ways import (
    Fate,
    Steps,
    Way,
    fate_of,
    sound_versions,
    versions_left_behind,
)

__all__ = [
    "TEND_FLOWS",
    "ConversationPin",
    "Draft",
    "Fate",
    "FlowChannel",
    "FlowMove",
    "FlowVersion",
    "FlowWay",
    "Keeping",
    "MoveKind",
    "Steps",
    "VersionGone",
    "Way",
    "before_live",
    "collect",
    "collectable",
    "document_of",
    "fate_of",
    "has_old_versions",
    "history",
    "known_versions",
    "live_sha",
    "live_version",
    "move_pins",
    "pinned_versions",
    "publish",
    "retire",
    "roll_back",
    "save_draft",
    "sound_versions",
    "versions_left_behind",
]

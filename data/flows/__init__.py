"""Flow versions: immutable, named by their content; publish and roll back move a pointer."""

from data.flows.models import FlowChannel, FlowMove, FlowVersion, MoveKind
from data.flows.service import (
    Draft,
    before_live,
    document_of,
    history,
    live_sha,
    live_version,
    publish,
    roll_back,
    save_draft,
)

__all__ = [
    "Draft",
    "FlowChannel",
    "FlowMove",
    "FlowVersion",
    "MoveKind",
    "before_live",
    "document_of",
    "history",
    "live_sha",
    "live_version",
    "publish",
    "roll_back",
    "save_draft",
]

"""Flow sets by version, kept once per process: a version never changes, so none is ever stale."""

from threading import Lock

from sqlalchemy.orm import Session

from data.flows import document_of, live_sha
from data.kernel.ids import FlowSha
from dialogs.format import FlowSet, flow_set_from_json


class FlowLibrary:
    """Loads a version from the database the first time somebody stands in it."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str, str], FlowSet] = {}
        self._lock = Lock()

    def get(self, session: Session, *, merchant_id: str, sha: str) -> FlowSet:
        key = (merchant_id, sha)
        found = self._sets.get(key)
        if found is None:
            with self._lock:
                found = flow_set_from_json(document_of(session, merchant_id=merchant_id, sha=sha))
                self._sets[key] = found
        return found

    def live(self, session: Session, *, merchant_id: str) -> FlowSet:
        sha = live_sha(session, merchant_id=merchant_id)
        return self.get(session, merchant_id=merchant_id, sha=FlowSha(sha))

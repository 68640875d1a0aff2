"""Flow sets by version, kept once per process: a version never changes, so none is ever stale.

A version is named by its content, so merchants whose flows are the same share one set. Which
version is theirs is said by their own rows: the live pointer, the pins of their conversations.
"""

from collections import OrderedDict
from threading import Lock

from sqlalchemy.orm import Session

from data.flows import document_of, live_sha
from data.kernel.ids import FlowSha
from dialogs.format import FlowSet, flow_set_from_json

MOST = 200  # the set that ships takes 0.6 MB and 86 ms to load (measured): 120 MB at most


class FlowLibrary:
    """Loads a version from the database the first time somebody stands in it; the one that nobody
    stood in for the longest time is given up first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sets: OrderedDict[str, FlowSet] = OrderedDict()
        self._kept = Lock()
        # One loads at a time: a crowd that meets a new version waits for it, and loads it once.
        self._loading = Lock()

    def get(self, session: Session, *, merchant_id: str, sha: str) -> FlowSet:
        found = self._find(sha)
        if found is not None:
            return found
        with self._loading:
            found = self._find(sha)
            if found is None:
                found = flow_set_from_json(document_of(session, merchant_id=merchant_id, sha=sha))
                self._keep(sha, found)
        return found

    def live(self, session: Session, *, merchant_id: str) -> FlowSet:
        sha = live_sha(session, merchant_id=merchant_id)
        return self.get(session, merchant_id=merchant_id, sha=FlowSha(sha))

    def _find(self, sha: str) -> FlowSet | None:
        with self._kept:
            found = self._sets.get(sha)
            if found is not None:
                self._sets.move_to_end(sha)
            return found

    def _keep(self, sha: str, found: FlowSet) -> None:
        with self._kept:
            self._sets[sha] = found
            while len(self._sets) > self._most:
                self._sets.popitem(last=False)

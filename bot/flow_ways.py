"""A migrate map that comes with a publish, checked against the versions that it speaks of."""

from sqlalchemy.orm import Session

from data.flows import document_of, known_versions
from data.kernel.errors import NotFound
from dialogs.format import FlowSet, Source, Versions, Ways, checked_ways, flow_set_from_json


def ways_to(session: Session, *, merchant_id: str, sha: str, migrate: Source | None) -> Ways:
    """Raises FlowProblems with every mistake in it; nothing said is no way."""
    if migrate is None or (migrate.data is None and not migrate.problems):
        return {}
    stored = known_versions(session, merchant_id=merchant_id)
    if sha not in stored:
        raise NotFound("flow_version")

    def find(name: str) -> FlowSet:
        return flow_set_from_json(document_of(session, merchant_id=merchant_id, sha=name))

    return checked_ways(migrate, Versions(find(sha), stored, find))

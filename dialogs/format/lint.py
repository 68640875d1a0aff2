"""Semantic checks over a whole flow set."""

from dialogs.format.documents import Document
from dialogs.format.flow import FlowSet


def lint(document: Document, flow_set: FlowSet) -> None:
    """Report every mistake on the document."""

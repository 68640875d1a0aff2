"""A language model may be asked what nobody here understood: the last link, off by default.

It chooses from lists and points at the person's own words, and our own readers read those; no text
of a model is ever shown, and nothing that it says is done without the guards (docs/adr/0020).
"""

from dialogs.understanding.model.guards import allowed
from dialogs.understanding.model.port import Advice, Completion, LanguageModel, Proposal
from dialogs.understanding.model.question import Question, Scope, messages_of, schema_of
from dialogs.understanding.model.redaction import redact
from dialogs.understanding.model.reserved import is_reserved, proposable
from dialogs.understanding.model.worth import is_worth_asking

__all__ = [
    "Advice",
    "Completion",
    "LanguageModel",
    "Proposal",
    "Question",
    "Scope",
    "allowed",
    "is_reserved",
    "is_worth_asking",
    "messages_of",
    "proposable",
    "redact",
    "schema_of",
]

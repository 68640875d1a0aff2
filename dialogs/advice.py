"""What a language model said of a message, as far as the guards let it through, becomes what was
heard; else everything goes on as if nobody had been asked."""

from dataclasses import replace

from dialogs.hearing import Hearing
from dialogs.understanding.model import Advice, allowed

LINK = "model"


def advised(heard: Hearing, advice: Advice) -> Hearing:
    """Judged against what holds now, whenever the model was asked."""
    question, understood = heard.question, heard.understood
    if question is None or understood is None or advice.proposal is None:
        return replace(heard, question=None)
    commands = allowed(question, advice.proposal)
    if not commands:
        return replace(heard, question=None)
    told = replace(
        understood,
        commands=commands,
        link=LINK,
        intent=None,
        confidence=advice.proposal.confidence,
        entities=(),
        model=advice.model,
    )
    return replace(heard, commands=commands, understood=told, question=None)

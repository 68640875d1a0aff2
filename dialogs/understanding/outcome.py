"""What understanding answers: commands, the values it read, and how it came to them."""

from dataclasses import dataclass, field
from typing import Any

from data.kernel.locales import Locale
from dialogs.engine.commands import Command
from dialogs.engine.recording import command_to_json


@dataclass(frozen=True, slots=True)
class Entity:
    """One value that was read; `start` and `end` are offsets in the text as the person wrote it."""

    kind: str
    start: int
    end: int
    text: str
    fields: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        head = {"kind": self.kind, "start": self.start, "end": self.end, "text": self.text}
        return {**head, **self.fields}


@dataclass(frozen=True, slots=True)
class Understood:
    """`link` names the part of the chain that answered; `confidence` is 1 where nothing guessed,
    `model` names the weights that did."""

    commands: tuple[Command, ...]
    language: Locale
    link: str
    intent: str | None = None
    confidence: float = 1.0
    entities: tuple[Entity, ...] = ()
    model: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the event log and `tuanzi understand` write it."""
        return {
            "commands": [command_to_json(command) for command in self.commands],
            "intent": self.intent,
            "confidence": round(self.confidence, 4),
            "entities": [entity.to_json() for entity in self.entities],
            "language": self.language.value,
            "link": self.link,
            **({"model": self.model} if self.model else {}),
        }

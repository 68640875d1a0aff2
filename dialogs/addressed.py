"""In a group everybody reads, so it is said to whom: a question names the member, and what answers
a message hangs below it where the messenger can do that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data.delivery.messages import OutboundMessage, Text
from data.delivery.outbox import Letter
from data.kernel.locales import Locale
from dialogs.format import Domain
from dialogs.house import Stage
from dialogs.responses import framed

_NAMED = "utter_question_to_member"


@dataclass(frozen=True, slots=True)
class Member:
    """Whom a group is to see spoken to; `message_id` is what they said."""

    stage: Stage
    message_id: str | None = None

    def asked(self, message: OutboundMessage, domain: Domain) -> OutboundMessage:
        """A question as it is put to this member."""
        if self.stage.chat.kind != "group":
            return message
        return replace(self._named(message, domain), reply_to=self.message_id)

    def _named(self, message: OutboundMessage, domain: Domain) -> OutboundMessage:
        """Older versions of a shop's flows have no words for it."""
        name, frame = self.stage.person.name, domain.responses.get(_NAMED)
        first = message.segments[0] if message.segments else None
        if frame is None or not name or (isinstance(first, Text) and name in first.text):
            return message
        return framed(message, frame, Locale(self.stage.person.locale), name=name)

    def answered(self, letters: Sequence[Letter]) -> list[Letter]:
        """The first that is said to this member replies to them; a live card is everybody's."""
        first = next((one for one in letters if self._is_theirs(one)), None)
        if first is None or first.message.reply_to is not None:
            return list(letters)
        reply = replace(first, message=replace(first.message, reply_to=self.message_id))
        return [reply if one is first else one for one in letters]

    def _is_theirs(self, letter: Letter) -> bool:
        stage = self.stage
        here = stage.chat.kind == "group" and letter.chat_id == stage.chat.id
        return here and letter.person_id == stage.person.id

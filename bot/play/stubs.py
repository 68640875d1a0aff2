"""A merchant's own actions, answered by the story instead of being run."""

from bot.play.story import Stub
from data.delivery.messages import Option, Options, OutboundMessage, Purpose, Segment, Text
from dialogs.actions.base import Registry, ShopAction
from dialogs.actions.turn import Turn


class StubbedAction(ShopAction):
    """Says the responses of its stub, sets its slots."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub

    def name(self) -> str:
        return self._stub.action

    def act(self, turn: Turn) -> None:
        for response in self._stub.responses:
            options = [
                Option(str(button.get("title", "")), str(button.get("payload", "")))
                for button in response.get("buttons", ())
            ]
            more: list[Segment] = [Options(tuple(options))] if options else []
            if "response" in response:
                turn.say(str(response["response"]), *more)
            else:
                words: list[Segment] = [Text(str(response["text"]))]
                turn.post(OutboundMessage((*words, *more), purpose=Purpose.REPLY))
        for slot, value in self._stub.slots.items():
            turn.set(slot, value)


def with_stubs(actions: Registry, stubs: tuple[Stub, ...]) -> Registry:
    return {**actions, **{stub.action: StubbedAction(stub) for stub in stubs}}

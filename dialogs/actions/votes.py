"""How the vote stands on what this chat was shown, for who asks: counts, and nobody's name."""

from data.catalogue import get_product, text_in
from data.conversations.votes import Tally, tally
from data.kernel.errors import NotFound
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

_MOST_TOLD = 8


class TellVotes(ShopAction):
    """The most wanted first."""

    called = "action_tell_votes"

    def act(self, turn: Turn) -> None:
        votes = tally(turn.session, chat_id=turn.chat.id, now=turn.now)
        lines = [*filter(None, (_line(turn, one) for one in votes[:_MOST_TOLD]))]
        if lines:
            turn.say("utter_votes", lines="\n".join(lines))
        else:
            turn.say("utter_no_votes")


def _line(turn: Turn, vote: Tally) -> str:
    """Nothing of what the shop has no more."""
    try:
        product = get_product(
            turn.session, merchant_id=turn.merchant.id, product_id=vote.product_id
        )
    except NotFound:
        return ""
    title = text_in(product.title, turn.locale)
    return turn.words("utter_vote_line", title=title, votes=str(vote.votes))


ACTIONS = (TellVotes,)

"""Ideas with reasons: what to give to whom, from what the shop has and what was said."""

from data.recommendations.gifts import suggest_gifts
from data.recommendations.wishes import Age, Idea, Reason, Wish

__all__ = ["Age", "Idea", "Reason", "Wish", "suggest_gifts"]

"""Ideas with reasons: what to give to whom, from what the shop has and what was said."""

from data.recommendations.candidates import forbidden_for_age, outgrown
from data.recommendations.gifts import suggest_gifts
from data.recommendations.wishes import Age, Idea, Reason, Wish

__all__ = ["Age", "Idea", "Reason", "Wish", "forbidden_for_age", "outgrown", "suggest_gifts"]

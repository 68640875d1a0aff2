"""The table of beliefs in priors.json, typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.recommendations.wishes import Age, Wish

Words = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Priors:
    otherwise: float
    category: dict[str, dict[str, float]]  # recipient to category to belief
    like: dict[str, str]  # a recipient without a row of their own
    tagged: Words  # recipient tags that also fit, if less exactly
    occasion_tagged: Words
    interest_near: Words
    age_of: dict[str, int]

    def suits(self, recipient: str) -> Mapping[str, float]:
        """By category, from 0 to 1: how often is such a thing right for such a person? What is
        not there is `otherwise`."""
        return self.category.get(self.like.get(recipient, recipient), {})

    def age(self, wish: Wish) -> Age | None:
        """As said, else as the word for the person says."""
        said = wish.age if wish.age is not None else self.age_of.get(wish.recipient or "")
        return Age(said, said) if isinstance(said, int) else said


@cache
def priors() -> Priors:
    table = json.loads(Path(__file__).with_name("priors.json").read_text("utf-8"))
    return Priors(**{name: value for name, value in table.items() if name != "_"})

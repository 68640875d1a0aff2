"""What the index is asked: which words, any or all of them, and where on a product they count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from data.catalogue.tokens import is_han

Term = tuple[str, ...]  # a product has it if it has all of these words


class Place(StrEnum):
    ANYWHERE = "anywhere"
    LABEL = "label"  # title, brand, category, tags, colours and sizes
    TITLE = "title"  # and brand
    MARKS = "marks"  # category, tags, colours and sizes


_OF_ONE_CHARACTER = {Place.ANYWHERE: Place.MARKS, Place.LABEL: Place.TITLE}


@dataclass(frozen=True, slots=True)
class Wish:
    """Any of these terms, those in `best` rather than the others; what has one of `never` in its
    title is not meant."""

    terms: tuple[Term, ...]
    place: Place = Place.ANYWHERE
    best: tuple[Term, ...] = ()
    never: tuple[Term, ...] = ()

    def place_of(self, term: Term) -> Place:
        """A single Chinese character is a piece of some word in every text, and no hit there.
        Goods end in it, in titles (茶), and colours among the marks: 砖红."""
        if len(term) > 1 or len(term[0]) > 1 or not is_han(term[0]):
            return self.place
        return _OF_ONE_CHARACTER.get(self.place, self.place)


@dataclass(frozen=True, slots=True)
class Question:
    """All of `need`; what has something of `like` too comes first."""

    need: tuple[Wish, ...]
    like: tuple[Wish, ...] = ()

    @property
    def is_of_goods(self) -> bool:
        return any(wish.best for wish in self.need)

    @property
    def liked(self) -> tuple[Wish, ...]:
        """What makes a product that has all it needs a better answer."""
        best = (Wish(wish.best, wish.place) for wish in self.need if wish.best)
        return (*self.like, *best)


def any_of(words: Iterable[str], place: Place = Place.ANYWHERE) -> Question:
    return Question((Wish(tuple((word,) for word in words), place),))


def any_two_of(words: Sequence[str]) -> Question:
    """On the label only: two characters stand in many a text."""
    return Question((Wish(tuple(combinations(words, 2)), Place.LABEL),))

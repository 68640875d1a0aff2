"""What somebody wants for somebody, and the ideas that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.catalogue.shelf import Article, Piece
from data.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Age:
    """Years; `Age(60, 69)` is somebody in their sixties."""

    youngest: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Words as the language files name them (`mother`, `birthday`, `tea`); interests and
    exclusions may also be free words in any language, an exclusion also `kind:value`."""

    recipient: str | None = None
    occasion: str | None = None
    budget_min: Money | None = None
    budget_max: Money | None = None
    interests: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    age: Age | int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` names the sentence; what it claims can be checked on the product and the wish."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Idea:
    """`piece` is the variant to show for the product; `available` are free to promise."""

    product: Article
    piece: Piece
    available: int
    reasons: tuple[Reason, ...]

    @property
    def price(self) -> Money:
        return self.piece.price

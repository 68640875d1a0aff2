"""Money: whole minor units and a currency; never a float. Exponents from ISO 4217."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from data.kernel.errors import Invalid

# ISO 4217: every currency not listed here has two decimals.
_EXPONENTS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}  # fmt: skip
_DEFAULT_EXPONENT = 2
_CODE_LENGTH = 3
# SQLite and PostgreSQL keep 64-bit integers; a thousandth of that leaves room for sums.
_LARGEST_MINOR = 2**63 // 1000


def exponent(currency: str) -> int:
    """Decimals of a currency: JPY 0, CNY 2, KWD 3."""
    return _EXPONENTS.get(currency, _DEFAULT_EXPONENT)


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in minor units (fen, cents, yen) of one ISO 4217 currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        code = self.currency
        if not (len(code) == _CODE_LENGTH and code.isascii() and code.isupper()):
            raise Invalid("currency")
        if abs(self.minor) > _LARGEST_MINOR:
            raise Invalid("amount")

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> "Money":
        """From major units, exactly: `Money.of("15.00", "USD")`. Refuses what would round."""
        try:
            scaled = Decimal(amount).scaleb(exponent(currency))
        except InvalidOperation as error:
            raise Invalid("amount") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise Invalid("amount")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """In major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise Invalid("currency_mixed")
        return other.minor

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Shares by largest remainder: they sum to the whole, exactly."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0 or self.minor < 0:
            raise Invalid("weights")
        floors = [self.minor * weight // total for weight in weights]
        by_remainder = sorted(
            range(len(weights)), key=lambda i: (-(self.minor * weights[i] % total), i)
        )
        for i in by_remainder[: self.minor - sum(floors)]:
            floors[i] += 1
        return [Money(floor, self.currency) for floor in floors]

"""Ways a shop says no. An error carries a message id, never a sentence: pages have the words.

ShopError                       code (message id) + HTTP status
├── Unauthorised         401    who are you?
├── Forbidden            403    we know who you are, and no
├── NotFound             404    not there, or not yours
├── Refused              409    asked properly, but a rule forbids it
│   ├── OutOfStock
│   ├── GroupBuyClosed
│   ├── NoSeatLeft
│   ├── AlreadyJoined
│   ├── PaymentLinkExpired
│   ├── NotForMinors
│   └── WrongState
├── TooMuch              413    larger than we take
├── Invalid              422    asked for something that makes no sense
│   └── UnstorableText              characters no database takes (data/kernel/storable.py)
└── TooOften             429    slow down
"""

from typing import ClassVar


class ShopError(Exception):
    """`code` names the sentence in the language files; `values` fill its {gaps}."""

    code: ClassVar[str] = "error_internal"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", **values: object) -> None:
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail
        self.values = values


class Unauthorised(ShopError):
    code = "error_unauthorised"
    status = 401


class Forbidden(ShopError):
    code = "error_forbidden"
    status = 403


class NotFound(ShopError):
    code = "error_not_found"
    status = 404


class Refused(ShopError):
    code = "error_refused"
    status = 409


class OutOfStock(Refused):
    code = "error_out_of_stock"


class GroupBuyClosed(Refused):
    code = "error_group_buy_closed"


class NoSeatLeft(Refused):
    code = "error_no_seat_left"


class AlreadyJoined(Refused):
    code = "error_already_joined"


class PaymentLinkExpired(Refused):
    code = "error_payment_link_expired"


class NotForMinors(Refused):
    code = "error_not_for_minors"


class WrongState(Refused):
    code = "error_wrong_state"


class TooMuch(ShopError):
    code = "error_too_much"
    status = 413


class Invalid(ShopError):
    code = "error_invalid"
    status = 422


class TooOften(ShopError):
    code = "error_too_often"
    status = 429

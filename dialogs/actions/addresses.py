"""An address as it is shown again: enough to know it by, never the street (T14)."""

import re

from data.orders import Address

_HAN = re.compile(r"[\u3400-\u9fff]")
_GLIMPSE = 6  # characters: as far as the district, where a Chinese address begins with its city


def glimpse(address: Address) -> dict[str, str]:
    """Enough to know one's own address again; the chat never repeats the street (T14)."""
    line = address.line
    end = line.rsplit(",", maxsplit=1)[-1]
    shown = f"{line[:_GLIMPSE]}…" if _HAN.search(line) else f"…{end}"
    return {"recipient_name": address.name, "address_line": shown}

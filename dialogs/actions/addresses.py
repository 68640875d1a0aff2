"""An address as people type it: name, phone and place in one line, in any order."""

import re

from data.orders import Address

_PHONE = re.compile(
    r"(?<!\d)(?:\+?\d{1,3}[\s-]?)?(?:\(?\d{2,4}\)?[\s-]?)?\d{3,4}[\s-]?\d{3,4}(?!\d)"
)
_LABEL = re.compile(
    r"(?:收件人|收[货貨]人|姓名|[电電][话話]|手[机機](?:[号號][码碼]?)?|地址"
    r"|name|phone|tel|address)\s*[:：]\s*",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,，;；\n\t]+")
_LONGEST_NAME = 30
_SHORTEST_PHONE = 7  # digits; ITU-T E.164 allows fifteen
_SHORTEST_LINE = 5
_HAN = re.compile(r"[\u3400-\u9fff]")
_GLIMPSE = 6  # characters: as far as the district, where a Chinese address begins with its city
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}")


def read_address(text: str) -> Address | None:
    """None where name, phone or place is missing: then we ask again rather than guess."""
    plain = _LABEL.sub(", ", text.strip())
    phone = _phone(plain)
    if phone is None:
        return None
    before, after = plain[: phone.start()], plain[phone.end() :]
    name, line = _name_and_line(before, after)
    if not name or len(line) < _SHORTEST_LINE:
        return None
    return Address(name=name, phone=phone.group().strip(), line=line)


def _phone(text: str) -> re.Match[str] | None:
    """The longest run that looks like a number to call."""
    longest = max(_PHONE.finditer(text), key=_digits_in, default=None)
    return longest if longest and _digits_in(longest) >= _SHORTEST_PHONE else None


def _digits_in(found: re.Match[str]) -> int:
    return sum(letter.isdigit() for letter in found.group())


def _name_and_line(before: str, after: str) -> tuple[str, str]:
    parts = [part.strip() for part in (*_BREAK.split(before), *_BREAK.split(after)) if part.strip()]
    if len(parts) == 1:
        parts = parts[0].split(maxsplit=1)
    elif parts and _HAN_NAME.match(parts[0]) and " " in parts[0]:
        parts = [*parts[0].split(maxsplit=1), *parts[1:]]
    name = next((part for part in parts if _is_name(part)), "")
    line = ", ".join(part for part in parts if part != name)
    return name, line


def _is_name(part: str) -> bool:
    return len(part) <= _LONGEST_NAME and not any(letter.isdigit() for letter in part)


def glimpse(address: Address) -> dict[str, str]:
    """Enough to know one's own address again; the chat never repeats the street (T14)."""
    line = address.line
    end = line.rsplit(",", maxsplit=1)[-1]
    shown = f"{line[:_GLIMPSE]}…" if _HAN.search(line) else f"…{end}"
    return {"recipient_name": address.name, "address_line": shown}

"""Which characters a file's bytes are: by its mark, by its XML declaration, else by trying."""

import codecs
import re

from data.kernel.errors import Invalid

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what Excel writes as "Unicode text"
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding=["']([A-Za-z0-9._-]{1,20})["']""")
# Only text encodings: Python's registry also holds zips and other surprises.
_DECLARABLE = {
    "utf-8", "us-ascii", "ascii", "gb2312", "gbk", "gb18030", "big5",
    "iso-8859-1", "iso-8859-15", "windows-1252",
}  # fmt: skip
_TRIED = ("utf-8", "gb18030")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
# XML allows none of these and PostgreSQL cannot keep the first: they only come by accident.
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


def decode(raw: bytes) -> str:
    """The text without mark and control characters; Invalid where no encoding fits."""
    for codec in _candidates(raw):
        try:
            return raw.decode(codec).translate(_CONTROL)
        except UnicodeDecodeError:
            continue
    raise Invalid("feed_encoding")


def without_declaration(text: str) -> str:
    """XML that was decoded already must not name an encoding any more."""
    return _XML_DECLARATION.sub("", text, count=1)


def _candidates(raw: bytes) -> list[str]:
    marked = [codec for mark, codec in _MARKS if raw.startswith(mark)]
    if marked:
        return marked
    declared = _DECLARATION.match(raw)
    name = declared.group(1).decode().lower() if declared else ""
    # GB18030 contains its two elders, and files that declare those often use it.
    name = "gb18030" if name in {"gb2312", "gbk"} else name
    return [*([name] if name in _DECLARABLE else []), *_TRIED]

"""How much of a stranger's file we take before we say no."""

from dataclasses import dataclass

from data.kernel.errors import TooMuch


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, rows and columns of one file, and elements and depth of one XML item."""

    size: int = 20 * 1024 * 1024
    rows: int = 50_000
    columns: int = 300
    elements: int = 1_000
    depth: int = 16

    def check_size(self, raw: bytes) -> None:
        if len(raw) > self.size:
            raise TooMuch("feed_bytes", limit=self.size)

    def check_rows(self, count: int) -> None:
        if count > self.rows:
            raise TooMuch("feed_rows", limit=self.rows)

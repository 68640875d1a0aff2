"""A server that, told to stop, lets its open streams end first."""

from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn


class ClosingServer(uvicorn.Server):
    """Ctrl-C stops all: uvicorn waits for answers under way, and a stream is one."""

    def __init__(self, config: uvicorn.Config, *, leave: Callable[[], None]) -> None:
        super().__init__(config)
        self._leave = leave

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leave()
        super().handle_exit(sig, frame)

    def serve_until_stopped(self) -> None:
        with suppress(KeyboardInterrupt):
            self.run()

"""The peer of Telegram's tests under load, in a process of its own: a crowd speaks at once, and the
moment of each answer is kept.

`python -m tests.bench.telegram_load --port 8081` serves lo-bot-api-emulator as tests/peers has it.
It has no limits of its own, so two troubles are SIMULATED here: one chat answers 429 with the
seconds that are left, from its first message on; one has blocked the bot (403).
"""

import argparse
import math
import time
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal

from tests.peers.telegram_peer import USERNAME, GroupPeer

PRIVATE, GROUPS, MEMBERS = 1_000_000, -1_001_000_000_000, 5_000_000
THROTTLED, BLOCKED = GROUPS - 1, PRIVATE + 1
THROTTLED_SECONDS = 5.0
_SENDING = frozenset({"sendMessage", "sendPhoto"})
_MOST_UPDATES = 100_000


class LoadPeer(GroupPeer):
    def __init__(self) -> None:
        super().__init__(None)
        self._update_queues.max_updates = _MOST_UPDATES
        self._numbers = iter(range(1, 10_000_000))
        self._silent_until = 0.0
        self.arrived: list[tuple[int, str, float]] = []
        self.impatient = 0  # calls into the throttled chat before its time

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/__bench/crowd", self._crowd)
        app.router.add_get("/__bench/arrived", self._show_arrived)
        return app

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> Any:
        if method not in _SENDING:
            return super().validate(method, fields, uploads)
        chat = int(fields["chat_id"])
        text = str(fields.get("text") or fields.get("caption") or "")
        self._refuse(chat)
        answer = super().validate(method, fields, uploads)
        self.arrived.append((chat, text, time.perf_counter()))
        return answer

    def _refuse(self, chat: int) -> None:
        if chat == BLOCKED:
            raise ApiRefusal("Forbidden: bot was blocked by the user", 403)
        if chat != THROTTLED:
            return
        now = time.perf_counter()
        if not self._silent_until:
            self._silent_until = now + THROTTLED_SECONDS
        elif now < self._silent_until:
            self.impatient += 1
        left = math.ceil(self._silent_until - now)
        if left > 0:
            told = {"retry_after": left}
            raise ApiRefusal(f"Too Many Requests: retry after {left}", 429, told)

    async def _crowd(self, request: web.Request) -> web.Response:
        """Everybody says the first line, then everybody the second: all of it at once."""
        asked = await request.json()
        chats = [*_chats(asked)]
        self.arrived.clear()
        begun = time.perf_counter()
        for line in asked["lines"]:
            for chat in chats:
                await self.enqueue_update(self._said(chat, line), token=asked["token"])
        return web.json_response({"begun": begun})

    def _said(self, chat: int, line: str) -> dict[str, Any]:
        who = MEMBERS + GROUPS - chat if chat < 0 else chat
        where: dict[str, Any] = {"id": chat, "type": "private", "first_name": "Ann"}
        if chat < 0:
            where = {"id": chat, "type": "supergroup", "title": "Buyers"}
        user = {"id": who, "is_bot": False, "first_name": "Ann", "language_code": "zh-hans"}
        message = {"message_id": next(self._numbers), "date": 1_790_000_000, "chat": where}
        text = f"@{USERNAME} {line}" if chat < 0 else line
        return {"message": {**message, "from": user, "text": text}}

    async def _show_arrived(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.json_response({"arrived": self.arrived[after:], "impatient": self.impatient})


def _chats(asked: dict[str, int]) -> Iterator[int]:
    """Groups among the others, as they come in life."""
    groups, private, first = asked["groups"], asked["private"], asked.get("first", 1)
    for number in range(max(groups, private)):
        if number < groups:
            yield GROUPS - first - number
        if number < private:
            yield PRIVATE + first + number


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    app = LoadPeer().app()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=lambda _line: None)


if __name__ == "__main__":
    main()

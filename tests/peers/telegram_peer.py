"""Telegram, as far as a public emulator of its Bot API goes, in a process of its own.

`python -m tests.peers.telegram_peer --port 8081 --journal FILE` serves lo-bot-api-emulator with two
gaps closed (our username, groups that are groups) and two doors for tests: `/__fixture/seen` shows
every call with its fields, `/__fixture/refuse` makes it SIMULATE a refusal of the real Telegram
(429, 403, 400, a migrated group), which the emulator has none of.
"""

import argparse
from pathlib import Path
from typing import Any

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator

USERNAME = "tuanzi_test_bot"
# The emulator was written for another messenger with this API and knows no forum topics.
_TOPIC = "message_thread_id"


class GroupPeer(LoBotApiEmulator):
    """What its parent answers, touched up; what it refuses stays refused."""

    def __init__(self, journal: Path) -> None:
        super().__init__(
            enable_control=True,
            allow_insecure_loopback_webhooks=True,
            journal=journal,
            max_assets=1000,
        )
        self.seen: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_get("/__fixture/seen", self._show_seen)
        app.router.add_post("/__fixture/refuse", self._take_refusal)
        app.router.add_post("/__fixture/forget", self._forget)
        return app

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> Any:
        said = {**fields}
        self._refuse_if_told(method, said)
        fields.pop(_TOPIC, None)
        answer = super().validate(method, fields, uploads)
        if method == "getMe":
            return answer | {"username": USERNAME}
        self._make_group(answer)
        if method != "getUpdates":
            number = answer.get("message_id") if isinstance(answer, dict) else None
            self.seen.append(
                {"method": method, "fields": said, "message_id": number, "files": sorted(uploads)}
            )
        return answer

    @staticmethod
    def _make_group(answer: Any) -> None:
        chat = answer.get("chat") if isinstance(answer, dict) else None
        if chat and chat["id"] < 0:
            chat |= {"type": "supergroup", "title": "Buyers"}

    def _refuse_if_told(self, method: str, fields: dict[str, Any]) -> None:
        for told in self.refusals:
            fits = told["method"] == method and told["chat_id"] in (None, fields.get("chat_id"))
            if fits and told["times"] > 0:
                told["times"] -= 1
                raise ApiRefusal(told["description"], told["status"], told["parameters"])

    async def _show_seen(self, request: web.Request) -> web.Response:
        return web.json_response(self.seen[int(request.query.get("after", "0")) :])

    async def _forget(self, _request: web.Request) -> web.Response:
        self.seen.clear()
        self.refusals.clear()
        return web.json_response({"ok": True})

    async def _take_refusal(self, request: web.Request) -> web.Response:
        self.refusals.append(await request.json())
        return web.json_response({"ok": True})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    options = parser.parse_args()
    peer = GroupPeer(options.journal)
    web.run_app(
        peer.app(), host="127.0.0.1", port=options.port, access_log=None, print=lambda _line: None
    )


if __name__ == "__main__":
    main()

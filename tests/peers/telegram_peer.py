"""Telegram, as far as a public emulator of its Bot API goes, in a process of its own.

`python -m tests.peers.telegram_peer --port 8081 --journal FILE` serves lo-bot-api-emulator with
gaps closed (our username, groups that are groups, calls that it lacks and that are judged by the
public description of the API) and two doors for tests: `/__fixture/seen` shows
every call with its fields, `/__fixture/refuse` makes it SIMULATE a refusal of the real Telegram
(429, 403, 400, a migrated group), which the emulator has none of. Invoices are SIMULATED too (the
emulator answers 501): their shapes are the description's, no provider stands behind them, and no
money moves.
"""

import argparse
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator, updates

USERNAME = "tuanzi_test_bot"
# The emulator was written for another messenger with this API and knows no forum topics.
_TOPIC = "message_thread_id"
# A card that was shared is named by itself alone.
_INLINE = "inline_message_id"
_RECORDED = Path(__file__).parents[1] / "recordings" / "telegram_api.json"
# What the emulator answers 501 to, or has no field for: what each must and may be called with.
_TITLE, _DESCRIPTION, _PAYLOAD = 32, 255, 128  # of an invoice; the last in bytes
_INVOICES_FROM = 500_000  # numbers of messages that the emulator does not reach
_METHODS = json.loads(_RECORDED.read_text(encoding="utf-8"))["methods"]


# Its queue refuses every kind of update that it has no use for itself.
updates.KINDS = updates.KINDS | {"pre_checkout_query"}


class GroupPeer(LoBotApiEmulator):
    """What its parent answers, touched up; what it refuses stays refused."""

    def __init__(self, journal: Path | None) -> None:
        super().__init__(
            enable_control=True,
            allow_insecure_loopback_webhooks=True,
            journal=journal,
            max_assets=1000,
        )
        self.seen: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.told: dict[str, dict[str, Any]] = {}
        self._numbers = count(_INVOICES_FROM)

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
        if _INLINE in fields or (method in _METHODS and method != "editMessageText"):
            answer: Any = _judged(method, said)
        else:
            answer = super().validate(method, fields, uploads)
        if method == "sendInvoice":
            answer = _simulated_invoice(said, next(self._numbers))
        if method in ("setWebhook", "setMyCommands"):
            self.told[method] = said
        if method in _TELLS:
            return _TELLS[method](self.told, answer)
        self._make_group(answer)
        if method != "getUpdates":
            message: dict[str, Any] = answer if isinstance(answer, dict) else {}
            self.seen.append(
                {
                    "method": method,
                    "fields": said,
                    "message_id": message.get("message_id"),
                    "files": sorted(uploads),
                    "photo": next((one["file_id"] for one in message.get("photo", ())), None),
                }
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


def _webhook(told: dict[str, dict[str, Any]], _answer: Any) -> dict[str, Any]:
    hook = told.get("setWebhook", {})
    return {
        "url": hook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "allowed_updates": json.loads(hook.get("allowed_updates", "[]")),
    }


# The emulator keeps neither name nor webhook nor menu.
_TELLS: dict[str, Callable[[dict[str, dict[str, Any]], Any], Any]] = {
    "getMe": lambda _told, answer: answer | {"username": USERNAME},
    "getWebhookInfo": _webhook,
    "createInvoiceLink": lambda _told, _answer: "https://t.me/$SIMULATED",
    "getMyCommands": lambda told, _: json.loads(
        told.get("setMyCommands", {}).get("commands", "[]")
    ),
}


def _simulated_invoice(fields: dict[str, Any], number: int) -> dict[str, Any]:
    """SIMULATED, as strict as the description: lengths, bytes, sums, and no deep link is empty."""
    prices = json.loads(fields["prices"])
    sane = (
        0 < len(fields["title"]) <= _TITLE
        and 0 < len(fields["description"]) <= _DESCRIPTION
        and 0 < len(fields["payload"].encode()) <= _PAYLOAD
        and prices
        and all(isinstance(one["amount"], int) and one["label"] for one in prices)
    )
    if not sane:
        raise ApiRefusal("Bad Request: invoice")
    if not fields.get("provider_token"):
        raise ApiRefusal("Bad Request: PAYMENT_PROVIDER_INVALID")
    return {
        "message_id": number,
        "date": 1_790_000_000,
        "chat": {"id": int(fields["chat_id"]), "type": "private", "first_name": "Payer"},
        "from": {"id": 7, "is_bot": True, "first_name": "Tuanzi", "username": USERNAME},
        "invoice": {
            "title": fields["title"],
            "description": fields["description"],
            "start_parameter": fields.get("start_parameter", ""),
            "currency": fields["currency"],
            "total_amount": sum(one["amount"] for one in prices),
        },
    }


def _judged(method: str, fields: dict[str, Any]) -> bool:
    """By its fields alone; what is in them is another library's to judge, in the tests."""
    required, optional = _METHODS[method]["required"], _METHODS[method]["optional"]
    if not set(required) <= set(fields) <= {*required, *optional}:
        raise ApiRefusal(f"Bad Request: fields of {method}")
    return True


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

"""A real Synapse on a loopback port, in a process of its own, and people with accounts there."""

import hmac
import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests import calling
from tests.peers.kept import Command, NoPeer, run, surroundings, tail
from tests.peers.synapse_kept import python
from tests.peers.telegram_world import free_port, wait

NAME = "loop.test"
PASSWORD = "canary-password-of-the-peer"
_CLIENT = "/_matrix/client/v3"
_UNLIMITED = {"per_second": 1000, "burst_count": 1000}
Json = dict[str, Any]


@dataclass(slots=True)
class Synapse:
    url: str
    folder: Path
    client: httpx.Client
    shared_secret: str

    def person(self, name: str, shown_as: str = "", *, admin: bool = False) -> "User":
        """A new account, logged in."""
        registering = "/_synapse/admin/v1/register"
        nonce = self.client.get(self.url + registering).json()["nonce"]
        asked = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": admin}
        mac = _mac(self.shared_secret, nonce, name, "admin" if admin else "notadmin")
        answer = self.client.post(
            self.url + registering, json={**asked, "displayname": shown_as or name, "mac": mac}
        )
        assert answer.status_code == 200, answer.text
        return User(self, answer.json()["user_id"], answer.json()["access_token"])

    def slow_down(self, user: "User", *, a_second: int, burst: int) -> None:
        """Let the server bear no more than this of somebody."""
        admin = self.person(f"admin{secrets.token_hex(4)}", admin=True)
        answer = self.client.post(
            f"{self.url}/_synapse/admin/v1/users/{user.id}/override_ratelimit",
            json={"messages_per_second": a_second, "burst_count": burst},
            headers={"authorization": f"Bearer {admin.token}"},
        )
        assert answer.status_code == 200, answer.text


def _mac(secret: str, nonce: str, name: str, role: str) -> str:
    parts = (nonce, name, PASSWORD, role)
    return hmac.new(secret.encode(), "\0".join(parts).encode(), "sha1").hexdigest()


@dataclass(slots=True)
class Bubble:
    """A message as a client shows it now: an edit changes it in place."""

    id: str
    sender: str
    text: str
    content: Json
    edits: int = 0


@dataclass(slots=True)
class User:
    """Somebody with a client."""

    synapse: Synapse
    id: str
    token: str
    _sent: int = field(default=0)

    def call(self, method: str, path: str, content: Json | None = None, **query: str) -> Json:
        answer = self.try_call(method, path, content, **query)
        assert answer.status_code == 200, (path, answer.text)
        found: Json = answer.json()
        return found

    def try_call(
        self, method: str, path: str, content: Json | None = None, **query: str
    ) -> httpx.Response:
        return self.synapse.client.request(
            method,
            self.synapse.url + _CLIENT + path,
            json=content,
            params=query,
            headers={"authorization": f"Bearer {self.token}"},
        )

    # — doing —

    def open_room(self, *others: str, direct: bool = False, **more: Any) -> str:
        asked = {"preset": "private_chat", "invite": list(others), "is_direct": direct, **more}
        return str(self.call("POST", "/createRoom", asked)["room_id"])

    def join(self, room: str) -> None:
        self.call("POST", f"/join/{room}", {})

    def leave(self, room: str) -> None:
        self.call("POST", f"/rooms/{room}/leave", {})

    def say(self, room: str, text: str, **more: Any) -> str:
        return self.send(room, {"msgtype": "m.text", "body": text, **more})

    def send(self, room: str, content: Json, kind: str = "m.room.message") -> str:
        self._sent += 1
        path = f"/rooms/{room}/send/{kind}/t{self._sent}-{secrets.token_hex(4)}"
        return str(self.call("PUT", path, content)["event_id"])

    def put_state(self, room: str, kind: str, content: Json, key: str = "") -> str:
        return str(self.call("PUT", f"/rooms/{room}/state/{kind}/{key}", content)["event_id"])

    # — seeing —

    def timeline(self, room: str) -> list[Json]:
        found = self.call("GET", f"/rooms/{room}/messages", dir="b", limit="500")
        return [*reversed(found["chunk"])]

    def bubbles(self, room: str) -> list[Bubble]:
        shown: dict[str, Bubble] = {}
        for event in self.timeline(room):
            content = event["content"]
            if event["type"] != "m.room.message" or "body" not in content:
                continue
            relation = content.get("m.relates_to", {})
            old = shown.get(relation.get("event_id", ""))
            if relation.get("rel_type") == "m.replace" and old is not None:
                if old.sender == event["sender"]:
                    old.content = content["m.new_content"]
                    old.text, old.edits = old.content["body"], old.edits + 1
                continue
            name = event["event_id"]
            shown[name] = Bubble(name, event["sender"], content["body"], content)
        return list(shown.values())

    def told(self, room: str, sender: str) -> list[str]:
        return [bubble.text for bubble in self.bubbles(room) if bubble.sender == sender]

    def invitations(self) -> list[str]:
        """Asked in other words each time: Synapse gives the same answer for two minutes."""
        quiet = {"room": {"timeline": {"limit": 1, "not_types": [secrets.token_hex(4)]}}}
        rooms = self.call("GET", "/sync", filter=json.dumps(quiet)).get("rooms", {})
        return list(rooms.get("invite", {}))

    def rooms(self) -> list[str]:
        return list(self.call("GET", "/joined_rooms")["joined_rooms"])


@contextmanager
def running_synapse(folder: Path, **changes: Any) -> Iterator[Synapse]:
    """With nobody in it. NoPeer: it cannot be had here."""
    port, secret = free_port(), secrets.token_hex(16)
    interpreter, config = python(), folder / "hs.yaml"
    folder.mkdir(exist_ok=True)
    generate: Command = [
        "-m",
        "synapse.app.homeserver",
        "--server-name",
        NAME,
        "--config-path",
        config,
    ]
    run([interpreter, *generate, "--generate-config", "--report-stats=no"], cwd=folder)
    quiet = {"version": 1, "root": {"level": "WARNING"}, "disable_existing_loggers": False}
    (folder / "log.json").write_text(json.dumps(quiet), encoding="utf-8")
    settings = {**_settings(folder, port, secret), **changes}
    config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [interpreter, "-m", "synapse.app.homeserver", "-c", config],
            cwd=folder,
            env=surroundings(),
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with calling.client(timeout=30) as client:
            wait(lambda: _answers(client, url, process, folder), lambda: _said(folder))
            yield Synapse(url, folder, client, secret)
    finally:
        process.terminate()
        process.wait(30)


def _settings(folder: Path, port: int, secret: str) -> Json:
    limits: Json = dict.fromkeys(
        ("rc_message", "rc_registration", "rc_admin_redaction"), _UNLIMITED
    )
    limits["rc_login"] = dict.fromkeys(("address", "account"), _UNLIMITED)
    limits["rc_joins"] = dict.fromkeys(("local", "remote"), _UNLIMITED)
    limits["rc_invites"] = dict.fromkeys(("per_room", "per_user", "per_issuer"), _UNLIMITED)
    listener = {
        "port": port,
        "type": "http",
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": ["client"]}],
    }
    return {
        "server_name": NAME,
        "listeners": [listener],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / f"{NAME}.signing.key"),
        "log_config": str(folder / "log.json"),
        "pid_file": str(folder / "homeserver.pid"),
        "registration_shared_secret": secret,
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "report_stats": False,
        "enable_registration": False,
        "presence": {"enabled": False},
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "suppress_key_server_warning": True,
        **limits,
    }


def _answers(
    client: httpx.Client, url: str, process: "subprocess.Popen[bytes]", folder: Path
) -> bool | None:
    if process.poll() is not None:
        raise NoPeer(_said(folder))
    try:
        return client.get(f"{url}/_matrix/client/versions").is_success or None
    except httpx.TransportError:
        return None


def _said(folder: Path) -> str:
    return tail((folder / "out.txt").read_text(encoding="utf-8"))

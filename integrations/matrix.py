"""Matrix's client-server API, as much of it as a shop's account needs: one try per call.

What goes wrong is told by matrix_answers.py; no error's text, and no log, holds a token or what
somebody wrote.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from integrations.egress import Egress
from integrations.http import Caller, ForbiddenHost, Reply, Request, Unreachable
from integrations.matrix_answers import (
    Away,
    Forbidden,
    Json,
    Refused,
    TooLarge,
    listed,
    read,
    string,
)

_CLIENT, _MEDIA = "/_matrix/client/v3", "/_matrix/media/v3"
_DOWNLOADS = "/_matrix/client/v1/media/download"  # with the token, since v1.11 of the API
_POLL_SECONDS = 30
_QUICK = httpx.Timeout(15.0, connect=5.0)  # one part of a message; the courier's patience is 25
_LARGEST_ANSWER = 32 * 1024 * 1024  # a sync of very many rooms after a long night
_OK = 200
LARGEST_FILE = 10 * 1024 * 1024  # ours are pictures of goods


@dataclass(frozen=True, slots=True)
class File:
    name: str
    kind: str  # its MIME type
    content: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Events of a room, the newest first; `further` is where the next page begins, if any."""

    events: list[Any]
    state: list[Any]
    further: str | None


class Homeserver:
    """One account on its homeserver. `token` is empty only to log in."""

    def __init__(self, url: str, token: str = "", *, egress: Egress | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        hosts = [urlsplit(url).hostname or ""]
        polling = httpx.Timeout(_POLL_SECONDS + 30.0, connect=5.0)
        self._caller = Caller(hosts, egress=egress, timeout=_QUICK, largest=_LARGEST_ANSWER)
        self._poller = Caller(hosts, egress=egress, timeout=polling, largest=_LARGEST_ANSWER)

    def __repr__(self) -> str:
        return f"Homeserver({urlsplit(self._url).hostname})"

    async def close(self) -> None:
        await self._caller.close()
        await self._poller.close()

    async def log_in(self, user: str, password: str) -> str:
        """A token of a device of its own. Forbidden: wrong user or password."""
        who = {"type": "m.id.user", "user": user}
        asked = {"type": "m.login.password", "identifier": who, "password": password}
        answer = await self._post("/login", {**asked, "initial_device_display_name": "Tuanzi"})
        self._token = string(answer, "access_token")
        return self._token

    async def who_am_i(self) -> str:
        """Our user id."""
        return string(await self._get("/account/whoami"), "user_id")

    async def name_of(self, user: str) -> str:
        """The display name, or nothing."""
        try:
            found = await self._get(f"/profile/{_path(user)}/displayname")
        except (Refused, Forbidden):
            return ""
        name = found.get("displayname")
        return name if isinstance(name, str) else ""

    async def sync(self, since: str | None, wanted: Json, *, wait: bool = True) -> Json:
        """What happened since then; with `wait`, the server holds an empty answer back."""
        asked = {"filter": _compact(wanted), "timeout": _POLL_SECONDS * 1000 if wait else 0}
        query = _query(asked if since is None else {**asked, "since": since})
        return await self._ask(self._poller, "GET", f"{_CLIENT}/sync?{query}")

    async def earlier(
        self, room: str, *, before: str, until: str | None, wanted: Json, most: int
    ) -> Page:
        """What lies between two points of a room, backwards."""
        asked = {"dir": "b", "from": before, "limit": most, "filter": _compact(wanted)}
        query = _query(asked if until is None else {**asked, "to": until})
        answer = await self._get(f"/rooms/{_path(room)}/messages?{query}")
        end = answer.get("end")
        return Page(
            listed(answer, "chunk"), listed(answer, "state"), end if isinstance(end, str) else None
        )

    async def send(
        self, room: str, content: Json, *, once: str, kind: str = "m.room.message"
    ) -> str:
        """The event's id; the same `once` again gives the same event and shows nothing new."""
        path = f"/rooms/{_path(room)}/send/{_path(kind)}/{_path(once)}"
        return string(await self._put(path, content), "event_id")

    async def edit(self, room: str, event: str, content: Json, *, once: str) -> str:
        """Put `content` in the place of an event of ours; clients without edits show it below."""
        change = {
            **content,
            "body": f"* {content['body']}",
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        }
        return await self.send(room, change, once=once)

    async def react(self, room: str, event: str, key: str, *, once: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.send(room, {"m.relates_to": relation}, once=once, kind="m.reaction")

    async def join(self, room: str, *, via: Sequence[str] = ()) -> None:
        """An invitation, or an open room. Another server may take its time to let us in."""
        query = _query([(name, server) for server in via for name in ("server_name", "via")])
        await self._ask(self._poller, "POST", f"{_CLIENT}/join/{_path(room)}?{query}", {})

    async def leave(self, room: str) -> None:
        """Or decline an invitation."""
        await self._post(f"/rooms/{_path(room)}/leave", {})

    async def open_direct_room(self, user: str, *, mark: str) -> str:
        """A room for the two of us, unencrypted, into which nobody else can be brought. Its
        creation says whom it is for (`mark`), so that it is found again."""
        room = await self._post(
            "/createRoom",
            {
                "preset": "private_chat",
                "is_direct": True,
                "invite": [user],
                "creation_content": {mark: user},
                "power_level_content_override": {"invite": 100},
                "initial_state": [
                    {
                        "type": "m.room.history_visibility",
                        "content": {"history_visibility": "invited"},
                    }
                ],
            },
        )
        return string(room, "room_id")

    async def note(self, user: str, room: str, kind: str, content: Json) -> None:
        """Our own data of a room, that nobody else sees."""
        of = f"/user/{_path(user)}/rooms/{_path(room)}"
        await self._put(f"{of}/account_data/{_path(kind)}", content)

    async def upload(self, file: File) -> str:
        """Its mxc address."""
        if len(file.content) > LARGEST_FILE:
            raise Refused("M_TOO_LARGE")
        query = _query({"filename": file.name})
        headers = {"content-type": file.kind}
        reply = await self._reply(
            self._caller, "POST", f"{_MEDIA}/upload?{query}", file.content, headers
        )
        return string(await read(reply), "content_uri")

    async def download(self, address: str) -> bytes:
        """Of an mxc address; never more than LARGEST_FILE."""
        server, _, name = address.removeprefix("mxc://").partition("/")
        path = f"{_DOWNLOADS}/{_path(server)}/{_path(name)}"
        reply = await self._reply(self._caller, "GET", path)
        if reply.status != _OK:
            await read(reply)
        if len(reply.body) > LARGEST_FILE:
            raise TooLarge("file")
        return reply.body

    async def _get(self, path: str) -> Json:
        return await self._ask(self._caller, "GET", _CLIENT + path)

    async def _post(self, path: str, content: Json) -> Json:
        return await self._ask(self._caller, "POST", _CLIENT + path, content)

    async def _put(self, path: str, content: Json) -> Json:
        return await self._ask(self._caller, "PUT", _CLIENT + path, content)

    async def _ask(
        self, caller: Caller, method: str, path: str, content: Json | None = None
    ) -> Json:
        text = "" if content is None else json.dumps(content, ensure_ascii=False)
        body = text.encode("utf-8", "replace")
        headers = {} if content is None else {"content-type": "application/json"}
        return await read(await self._reply(caller, method, path, body, headers))

    async def _reply(
        self,
        caller: Caller,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        ours = {"authorization": f"Bearer {self._token}"} if self._token else {}
        request = Request(method, self._url + path, {**ours, **(headers or {})}, body)
        try:
            return await caller.send(request)
        except Unreachable as error:
            too_large = str(error) == "answer_too_large"
            raise (TooLarge if too_large else Away)(str(error)) from None
        except ForbiddenHost:
            raise Away("forbidden_host") from None


def _path(part: str) -> str:
    """One step of a path, whatever is in it: a name that came in JSON may hold half a character."""
    return quote(part, safe="", errors="replace")


def _query(asked: Mapping[str, object] | Sequence[tuple[str, str]]) -> str:
    return urlencode(asked, errors="replace")


def _compact(content: Json) -> str:
    return json.dumps(content, separators=(",", ":"))

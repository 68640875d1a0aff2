"""The chat of a merchant's own site on the bench: a frame that speaks, and fetches what is said."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from bot.channels.rest import read_stored
from bot.webchat.doors import Visit
from bot.webchat.sites import Site, read_site
from bot.webchat.talking import Press, Words, as_rest
from bot.webchat.visitors import GOOD_FOR, issue
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame, a_site
from tests.peers.conformance.bench import Bench, Golden, Taken, numbers, read_each
from tests.peers.conformance.rest_bench import FETCHED, as_recorded, what_is_said

_RECORDED = Path(__file__).parents[2] / "recordings" / "web" / "lines.json"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    body: Any
    frame: Frame
    token: str | None = None  # None: the frame's own


@dataclass
class WebBench(Bench):
    name = "web"
    reasons: ClassVar[dict[str, str]] = {
        **FETCHED,
        "what_cannot_be_read_harms_no_other": "a line is read whole before it is kept: what "
        "cannot be read is no line",
        "a_kind_that_does_not_exist_yet_is_kept_and_harmless": "only our own page speaks here: "
        "there are lines and presses, and no other kind",
    }
    site: Site = None  # type: ignore[assignment]  # `opened` gives it
    other: str = ""
    frames: dict[str, Frame] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, _peer: str) -> Iterator[Self]:
        name, other = a_site(demo), a_site(demo, origin="https://other.example")
        with demo.tuanzi.database.reading() as session:
            site = read_site(session, name)
        yield cls(demo, runner, site.account, site=site, other=other)

    # — what comes in —

    def person(self) -> str:
        frame = a_frame(self.demo, self.account.id)
        self.frames[frame.visitor] = frame
        return frame.visitor

    def said(self, text: str, who: str) -> Line:
        return self._line("say", who, text=text)

    def press(self, token: str, who: str) -> Line:
        return self._line("press", who, token=token)

    def _line(self, what: str, who: str, **more: Any) -> Line:
        return Line(what, {"id": f"line-{next(numbers)}", "locale": "en", **more}, self.frames[who])

    def bring(self, wire: Line) -> Taken:
        frame, body = wire.frame, wire.body
        token = frame.token if wire.token is None else wire.token
        headers = {"Authorization": f"Bearer {token}".encode(), "Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/webchat/{frame.account}/{wire.what}"
        answer = frame.client.post(path, content=content, headers=headers)  # type: ignore[arg-type]  # bytes too
        return Taken.by(answer.status_code)

    def goldens(self) -> Iterator[Golden]:
        recorded = json.loads(_RECORDED.read_text(encoding="utf-8"))
        visit = Visit(self.site, "visitor")
        cases = ((one["case"], one["body"], one["event"]) for one in recorded)

        def read(body: Json) -> Json:
            line = Press(**body) if "token" in body else Words(**body)
            return as_recorded(read_stored(as_rest(visit, line, line.message), self.account))

        return read_each(cases, read)

    def forged(self, who: str) -> list[Line]:  # T12
        line = self.said("hi", who)
        visitor, issued, signature = line.frame.token.split(".")
        other = self.frames[self.person()].visitor
        foreign = a_frame(self.demo, self.other).token
        changed = ("B" if signature[0] == "A" else "A") + signature[1:]
        tokens = [
            *("", "x", f"{other}.{issued}.{signature}", f"{visitor}.{int(issued) + 1}.{signature}"),
            *(f"{visitor}.{issued}.{changed}", f"{visitor}.{issued}.{signature[::-1]}"),
            *(f"{visitor}.{issued}", f"{visitor}.{issued}.团{signature[1:]}", foreign),
            line.frame.token + "\0",
        ]
        return [replace(line, token=token) for token in tokens]

    def stamped(self, who: str) -> tuple[list[Line], list[Line]]:
        now, minute = self.tuanzi.clock.now(), timedelta(minutes=1)

        def at(moment: timedelta) -> Line:
            token = issue(self.site, now=now + moment, visitor=who)
            return replace(self.said("hi", who), token=token)

        return (
            [at(4 * minute), at(-GOOD_FOR + minute)],
            [at(6 * minute), at(-GOOD_FOR), at(-2 * GOOD_FOR)],
        )

    def junk(self, who: str) -> list[Line]:
        line = self.said("hi", who)
        bodies: list[Any] = [b"", b"{", b"[]", b"null", b"\xff", b'{"id": NaN}', b"[" * 30_000]
        bodies += [
            {**line.body, "text": text} for text in ("", "  \n", None, 7, ["hi"], "x" * 20_001)
        ]
        bodies += [
            {**line.body, "id": name} for name in ("", "short", "a b c d e f", "x" * 65, None)
        ]
        return [replace(line, body=body) for body in bodies]

    def too_large(self, who: str) -> Line:
        return self.said("x" * 70_000, who)

    # — what goes out —

    def shown(self, chat: str) -> list[str]:
        return what_is_said(self.frames[chat].messages())

"""A person at the console: signs in, opens pages, sends their forms as a browser would."""

import re
from dataclasses import dataclass
from html import unescape

from httpx import Response

from tests.bot.builders import PASSWORD
from tests.bot.client import TestClient

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(slots=True)
class Browser:
    client: TestClient
    token: str = ""

    def sign_in(self, email: str, password: str = PASSWORD) -> Response:
        page = self.client.get("/console/sign-in?lang=en")
        form = {"csrf": form_token(page), "email": email, "password": password}
        answer = self.client.post("/console/sign-in?lang=en", data=form)
        if answer.status_code == 303:
            home = self.client.get(answer.headers["location"], follow_redirects=True)
            self.token = form_token(home)
        return answer

    def get(self, path: str) -> Response:
        return self.client.get(f"/console{path}")

    def post(self, path: str, **fields: str) -> Response:
        """Send a form with its token."""
        return self.client.post(f"/console{path}", data={"csrf": self.token, **fields})


def form_token(page: Response) -> str:
    found = _TOKEN.search(page.text)
    return unescape(found.group(1)) if found else ""

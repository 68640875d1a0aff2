"""Our own public address, called from this machine as a messenger or a browser would call it."""

from urllib.parse import urlsplit

from integrations.egress import Egress, ForbiddenHost
from integrations.http import Caller, Reply, Request, Unreachable

# It is the operator's own setting and no stranger's wish: it may be on this very machine (T17).
_ANYWHERE = Egress.to("0.0.0.0/0", "::/0")
OK, FORBIDDEN = 200, 403


async def fetch(url: str) -> Reply | str:
    """What is answered there, or why nothing is."""
    caller = Caller([urlsplit(url).hostname or ""], egress=_ANYWHERE)
    try:
        return await caller.send(Request("GET", url, {}))
    except (Unreachable, ForbiddenHost) as error:
        return str(error)
    finally:
        await caller.close()

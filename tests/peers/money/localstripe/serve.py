"""localstripe as a process on this machine only: its own command listens on every interface and
loads what it kept. GPL-3.0-or-later: it runs beside us, in its own environment, and is never
imported or shipped by us."""

import sys

from aiohttp import web
from localstripe import server

web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)

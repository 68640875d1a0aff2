"""`tuanzi serve` that knows no speed limit of Telegram's: for a bench of what the software can do,
beside a limiter that is switched off as well."""

import sys

from bot.channels import telegram
from bot.channels.pacing import Speed, Speeds

_ANY = Speed(1_000_000, 1)
telegram.SPEEDS = Speeds(overall=_ANY, chat=_ANY, group=_ANY)

from bot.cli import main  # noqa: E402  # the door takes its speeds when it is loaded

if __name__ == "__main__":
    sys.exit(main())

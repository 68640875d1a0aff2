"""How a command speaks with whoever typed it: texts of cli.po, and secrets that nobody sees."""

import os
import sys
from getpass import getpass

from bot.web.wording import say
from data.kernel.errors import ShopError
from data.kernel.locales import Locale

EXIT_SOUND, BROKEN, EXIT_USAGE = 0, 1, 2
Text = tuple[str, dict[str, object]]


class CannotDo(ShopError):
    """A command ends before it changed anything, and says why: all reasons at once."""

    def __init__(self, *texts: Text, exit_code: int = BROKEN) -> None:
        super().__init__(", ".join(text_id for text_id, _ in texts))
        self.texts = texts
        self.exit_code = exit_code


def language() -> Locale:
    """The language of the terminal."""
    return Locale.closest(os.environ.get("LC_ALL") or os.environ.get("LANG"))


def tell(text_id: str, **values: object) -> None:
    sys.stdout.write(say(text_id, language(), **values) + "\n")


def complain(text_id: str, **values: object) -> None:
    sys.stderr.write(say(text_id, language(), **values) + "\n")


def ask_secret(question: str, *, again: str | None = None) -> str:
    """Typed without echo, a new one twice; from a program: the first line of standard input.

    Never an argument: those stand in the process list and in the shell's history (T47).
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        secret = getpass(say(question, language()))
        if again is not None and getpass(say(again, language())) != secret:
            raise CannotDo(("cli.secrets_differ", {}), exit_code=EXIT_USAGE)
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\n")
        raise CannotDo(("cli.nothing_done", {})) from None
    return secret

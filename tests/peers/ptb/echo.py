"""Plain python-telegram-bot, as its own examples have it: polling, a handler that echoes, and its
rate limiter. Run by the Python of ptb_kept.py; `--free` takes the limiter's two rates away and
leaves what it does about 429."""

import argparse
import logging

from telegram import Update
from telegram.ext import AIORateLimiter, ApplicationBuilder, ContextTypes, MessageHandler, filters

_RETRIES = 20


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


async def ignore(_update: object, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Who has blocked the bot is blocked."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--free", action="store_true")
    options = parser.parse_args()
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    rates = {"overall_max_rate": 0.0, "group_max_rate": 0.0} if options.free else {}
    build = ApplicationBuilder().token(options.token).base_url(options.api)
    build = build.rate_limiter(AIORateLimiter(max_retries=_RETRIES, **rates))
    application = build.concurrent_updates(options.at_once).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_error_handler(ignore)
    application.run_polling(allowed_updates=["message"])


if __name__ == "__main__":
    main()

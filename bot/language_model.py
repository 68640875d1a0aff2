"""`tuanzi language-model`: whether one may be asked about what people write, and what it used."""

import argparse
import json
import sys

from bot.app import Tuanzi
from bot.which_shop import find_merchant
from data.merchants.model_spend import spent, switch_model, uses_model

ON, OFF = "on", "off"


def language_model(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """With `on` or `off` it is switched first; prints one line of JSON either way."""
    day = tuanzi.clock.now().date()
    if options.to is not None:
        with tuanzi.database.transaction() as session:
            merchant_id = find_merchant(session, options.merchant).id
            switch_model(session, merchant_id=merchant_id, on=options.to == ON)
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        use = spent(session, merchant_id=merchant.id, day=day)
        told = {"shop": merchant.id, "on": uses_model(merchant)}
    access = tuanzi.settings.model
    told |= {"model": access.name, "receiver": access.receiver} if access else {"model": None}
    told |= {"day": day.isoformat(), "calls": use.calls, "tokens": use.tokens}
    told |= {"tokens_a_day": access.tokens} if access else {}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 0

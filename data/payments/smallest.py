"""The smallest amount that anybody can pay here, whoever of a shop's providers takes it."""

from data.kernel.money import Money, exponent

# In minor units. Stripe, "Currencies", minimum charge amounts: the only provider of ours that has
# a floor above one minor unit and publishes it. What is not listed there is held to one whole unit:
# WeChat Pay and Alipay take a single fen, and nobody chips in with less.
_STRIPE = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250,
    "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200,
    "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip


def smallest_charge(currency: str) -> Money:
    return Money(_STRIPE.get(currency) or 10 ** exponent(currency), currency)

"""The shapes of PayPal's Orders v2, Payments v2 and Webhooks v1, as far as we meet them.

Written by us after the facts (names, states, lengths, patterns, what is required) of PayPal's
published OpenAPI documents: paypal/paypal-rest-api-specifications, checkout_orders_v2.json,
payments_payment_v2.json, notifications_webhooks_v1.json, as of 2024-02-03. Requests are held to
more than there: a field that is not named here is refused. The stand-in keeps both sides to them.
"""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]
_MONEY_VALUE = r"^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?(Z|[+-][0-9:]{5})$"


def _text(most: int, pattern: str = "", *, least: int = 1) -> Json:
    told: Json = {"type": "string", "minLength": least, "maxLength": most}
    return {**told, "pattern": pattern} if pattern else told


def _one_of(*words: str) -> Json:
    return {"enum": list(words)}


def _all_of(required: list[str], **fields: Json) -> Json:
    """What PayPal says may grow; what is required must be there."""
    return {"type": "object", "required": required, "properties": fields}


def _only(required: list[str], **fields: Json) -> Json:
    return {**_all_of(required, **fields), "additionalProperties": False}


def _list(of: Json, least: int = 0, most: int = 100) -> Json:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


TIME = _text(64, _TIME, least=20)
MONEY = _only(
    ["currency_code", "value"],
    currency_code=_text(3, "^[A-Z]{3}$", least=3),
    value=_text(32, _MONEY_VALUE),
)
LINKS = _list(
    _all_of(
        ["href", "rel"],
        href={"type": "string"},
        rel={"type": "string"},
        method=_one_of("GET", "POST", "PUT", "DELETE", "HEAD", "CONNECT", "OPTIONS", "PATCH"),
    )
)
_URL = {"type": "string", "format": "uri", "pattern": "^https?://"}
_OURS = {"custom_id": _text(127), "invoice_id": _text(127)}

ORDER_REQUEST = _only(
    ["intent", "purchase_units"],
    intent=_one_of("CAPTURE", "AUTHORIZE"),
    purchase_units=_list(
        _only(
            ["amount"],
            reference_id=_text(256),
            description=_text(127),
            amount=MONEY,
            **_OURS,
        ),
        least=1,
        most=10,
    ),
    payment_source=_only(
        ["paypal"],
        paypal=_only(
            ["experience_context"],
            experience_context=_only(
                [],
                brand_name=_text(127),
                locale=_text(10, "^[a-z]{2}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?$"),
                shipping_preference=_one_of("GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS"),
                user_action=_one_of("CONTINUE", "PAY_NOW"),
                payment_method_preference=_one_of("UNRESTRICTED", "IMMEDIATE_PAYMENT_REQUIRED"),
                return_url=_URL,
                cancel_url=_URL,
            ),
        ),
    ),
)
CAPTURE_REQUEST = _only(
    [], amount=MONEY, invoice_id=_text(127, least=0), final_capture={"type": "boolean"}
)
REFUND_REQUEST = _only(
    [],
    amount=MONEY,
    custom_id=_text(127, "^.*$"),
    invoice_id=_text(127, "^.*$"),
    note_to_payer=_text(255),
)
NOTHING = _only([])

CAPTURE = _all_of(
    ["id", "status"],
    id=_text(36),
    status=_one_of("COMPLETED", "DECLINED", "PARTIALLY_REFUNDED", "PENDING", "REFUNDED", "FAILED"),
    status_details=_only(
        ["reason"],
        reason=_one_of(
            "BUYER_COMPLAINT",
            "CHARGEBACK",
            "ECHECK",
            "INTERNATIONAL_WITHDRAWAL",
            "OTHER",
            "PENDING_REVIEW",
            "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
            "REFUNDED",
            "TRANSACTION_APPROVED_AWAITING_FUNDING",
            "UNILATERAL",
            "VERIFICATION_REQUIRED",
        ),
    ),
    amount=MONEY,
    final_capture={"type": "boolean"},
    create_time=TIME,
    update_time=TIME,
    links=LINKS,
    **_OURS,
)
AUTHORIZATION = _all_of(
    ["id", "status"],
    id=_text(36),
    status=_one_of("CREATED", "CAPTURED", "DENIED", "PARTIALLY_CAPTURED", "VOIDED", "PENDING"),
    amount=MONEY,
    expiration_time=TIME,
    create_time=TIME,
    update_time=TIME,
    links=LINKS,
    **_OURS,
)
REFUND = _all_of(
    ["id", "status"],
    id=_text(36),
    status=_one_of("CANCELLED", "FAILED", "PENDING", "COMPLETED"),
    status_details=_only(["reason"], reason=_one_of("ECHECK")),
    amount=MONEY,
    custom_id=_text(127, "^[A-Za-z0-9-_.,]*$"),
    invoice_id=_text(127),
    create_time=TIME,
    update_time=TIME,
    links=LINKS,
)
ORDER = _all_of(
    ["id", "status"],
    id=_text(36, "^[A-Z0-9]+$"),
    status=_one_of("CREATED", "SAVED", "APPROVED", "VOIDED", "COMPLETED", "PAYER_ACTION_REQUIRED"),
    intent=_one_of("CAPTURE", "AUTHORIZE"),
    purchase_units=_list(
        _all_of(
            [],
            reference_id=_text(256),
            description=_text(127),
            amount=MONEY,
            payments=_only(
                [],
                authorizations=_list(AUTHORIZATION),
                captures=_list(CAPTURE),
                refunds=_list(REFUND),
            ),
            **_OURS,
        ),
        least=1,
        most=10,
    ),
    create_time=TIME,
    update_time=TIME,
    links=LINKS,
)
WEBHOOK = _all_of(
    ["url", "event_types"],
    id={"type": "string"},
    url={**_text(2048), "format": "uri"},
    event_types=_list(_all_of(["name"], name={"type": "string"}), most=500),
    links=LINKS,
)
EVENT = _all_of(
    ["id", "event_type", "resource"],
    id={"type": "string"},
    create_time=TIME,
    resource_type={"type": "string"},
    event_version=_text(5, r"^([0-9]+.[0-9]+)$", least=3),
    resource_version=_text(5, r"^([0-9]+.[0-9]+)$", least=3),
    event_type={"type": "string"},
    summary={"type": "string"},
    resource={"type": "object"},
    links=LINKS,
)
PROBLEM = _all_of(
    ["name", "message", "debug_id"],
    name={"type": "string"},
    message={"type": "string"},
    debug_id={"type": "string"},
    details=_list(_all_of(["issue"], issue={"type": "string"}, description={"type": "string"})),
    links=LINKS,
)


def hold_to(shape: Json, said: object) -> None:
    """Fails in words that say which field is wrong."""
    Draft202012Validator(shape, format_checker=FormatChecker()).validate(said)


def fits(shape: Json, said: object) -> bool:
    return bool(Draft202012Validator(shape, format_checker=FormatChecker()).is_valid(said))

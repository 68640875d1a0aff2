"""What WeChat wants of a web page: where its visitors introduce themselves, and the signature by
which its script believes the page."""

import hashlib
from urllib.parse import quote

# An account's QR pictures, and the script that a page loads; both are the vendor's own addresses.
QR_PICTURES = "https://mp.weixin.qq.com"
SCRIPTS = "https://res.wx.qq.com"
SCRIPT = f"{SCRIPTS}/open/js/jweixin-1.6.0.js"


def introduction(site: str, app_id: str, *, back: str, state: str) -> str:
    """The page of the platform that sends a visitor `back` with a code, without asking them
    anything: it tells us their openid and no more. The order of its fields is the vendor's."""
    return (
        f"{site}/connect/oauth2/authorize?appid={quote(app_id, safe='')}"
        f"&redirect_uri={quote(back, safe='')}&response_type=code&scope=snsapi_base"
        f"&state={quote(state, safe='')}#wechat_redirect"
    )


def picture_of(ticket: str) -> str:
    """Where the picture of a QR code lies."""
    return f"{QR_PICTURES}/cgi-bin/showqrcode?ticket={quote(ticket, safe='')}"


def signature(*, ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Of the page at this address, without what follows a `#` (vendor: JS-SDK, appendix 1)."""
    told = {"jsapi_ticket": ticket, "noncestr": nonce, "timestamp": timestamp, "url": url}
    text = "&".join(f"{name}={told[name]}" for name in sorted(told))
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

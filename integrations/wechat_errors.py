"""What WeChat and WeCom say no with, by the number in their answer (`errcode`).

WeChatError               WeChat         WeCom
├── WindowClosed     45015, 45047   95001, 95002   no message of theirs is fresh, or its quota used
├── NotSubscribed    43004          40096, 84061   they do not follow (any more), or are unknown
├── NoPermission     48001          48002          the account may not use this interface
├── TokenExpired     40001, 42001   40014, 42001   the access token is none (any more)
├── QuotaReached     45009          45009          the account's calls of this day are used up
├── WithStaff                       95013, 95018   the talk is over there, or their staff has it
└── WordRefused                     95007          what came with the bell opens nothing any more
"""


class WeChatError(Exception):
    """`code` is WeChat's number; its sentence is for nobody and may quote what we sent."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class WindowClosed(WeChatError):
    pass


class NotSubscribed(WeChatError):
    pass


class NoPermission(WeChatError):
    pass


class TokenExpired(WeChatError):
    pass


class QuotaReached(WeChatError):
    pass


class WithStaff(WeChatError):
    pass


class WordRefused(WeChatError):
    pass

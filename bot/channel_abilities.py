"""What a channel will and will not show, told from its capabilities; the same for each of them."""

from bot.channel_checks import Finding, Mark, allowed
from bot.channels.messages import Capabilities


def abilities(can: Capabilities) -> list[Finding]:
    """What it cannot has another way, and the same sentence names it."""
    return [
        Finding(Mark.CAN, f"check.can_text_{can.unit.value}", {"count": can.max_text}),
        allowed(can.markup, "check.can_markup"),
        allowed(can.images, "check.can_images"),
        allowed(can.buttons > 0, "check.can_buttons"),
        allowed(can.edits, "check.can_edits"),
        allowed(bool(can.start_link), "check.can_links"),
        allowed(can.rewards_inviting, "check.can_reward_inviting"),
    ]

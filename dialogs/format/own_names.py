"""Names that the engine gives meaning to: its own actions and patterns."""

# action name to the response it needs, if any; in the order of engine.own_actions
OWN_ACTION_NAMES = (
    "action_answer_chitchat",
    "action_clarify_flows",
    "action_hand_over",
    "action_repeat_bot_messages",
)
# Presses that the engine takes itself, in whatever flow; in the order of engine.own_actions
OWN_ACT_NAMES = ("action_note_satisfaction",)
RESPONSES_OF_OWN_ACTIONS = ("utter_chitchat", "utter_clarify")

PATTERNS = frozenset(
    "pattern_" + name
    for name in (
        "cancel_flow", "cannot_handle", "chitchat", "clarification", "code_change", "completed",
        "continue_interrupted", "correction", "customer_satisfaction", "human_handoff",
        "internal_error", "repeat_bot_messages", "restart", "session_end", "session_start",
        "skip_question",
    )
)  # fmt: skip
# Asking and validating are the engine's own work, not flows, and what a shop knows is found by its
# own flows (docs/adr/0007); the last two belong to CALM's other products. Each with the code of its
# reason.
REFUSED_PATTERNS = {
    "pattern_collect_information": "refused_pattern",
    "pattern_validate_slot": "refused_pattern",
    "pattern_search": "refused_search",
    "pattern_external_agent_processing": "refused_agent_pattern",
    "pattern_user_silence": "refused_voice",
}

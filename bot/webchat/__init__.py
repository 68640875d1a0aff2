"""The chat on a merchant's own site: one script tag there, a frame of ours in it (ADR 24)."""

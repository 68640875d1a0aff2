"""The flow engine: a pure function from (state, commands) to (state, events, effects)."""

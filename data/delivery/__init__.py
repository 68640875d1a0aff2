"""Each thing once: what came in (inbox), what is due (jobs), what goes out (outbox)."""

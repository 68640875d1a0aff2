"""The processes that move things: worker (lanes ▸ turns) and courier (outbox ▸ messenger)."""

"""How the shop is served: by one process, or by several that share one socket."""

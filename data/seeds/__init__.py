"""The demo shop: a gift shop of our own making, written in catalogue/*.toml, shipped as a feed."""

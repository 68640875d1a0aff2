"""A real process is killed at each seam and started again; nothing is lost or doubled."""

"""Group-buys: campaigns, teams, seats. A seat is held before money moves; the deadline decides."""

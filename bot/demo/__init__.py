"""The demo: a seeded shop, a simulated bank, people one may be, and a clock one may turn."""

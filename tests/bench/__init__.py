"""Measurements: `./dev bench NAME [--json] [--quick]`. Never a pass or fail of the test suite."""

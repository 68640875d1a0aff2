"""Flows and domain as typed values: loading, the published schema, and the lint."""

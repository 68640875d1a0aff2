"""The rules of the house that fail the build; docs/architecture.md says why they are there."""

"""Stories: conversations in YAML, acted against a whole shop; tests, demos and docs share them."""

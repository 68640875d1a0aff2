"""What a person without an account may open: the pay page and, in the demo, the demo page."""

"""What the API and the console both look at: lists by page and a few joins, one merchant's own."""

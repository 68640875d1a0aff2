"""What is a person's own: to be one across messengers, to see all of it, to have it forgotten."""

"""The outside: messengers, web pages, payment callbacks, the processes that run."""

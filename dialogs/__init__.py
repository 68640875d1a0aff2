"""What is said, and in which order: flows, understanding, actions. No network, no messenger."""

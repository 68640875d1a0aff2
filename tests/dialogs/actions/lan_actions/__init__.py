"""A merchant's package of rasa-sdk actions, as they are found in the wild: some good, some not."""

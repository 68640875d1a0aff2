"""What flows can do: our actions, and merchants' own of rasa-sdk."""
